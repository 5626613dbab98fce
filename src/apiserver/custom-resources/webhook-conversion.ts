import type { WebhookConversion } from "../../api/apiextensions/v1/custom-resource-definition.ts"
import { formatGroupVersion, type KubeObject } from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import type { JsonRecord } from "../../apimachinery/schema-plan.ts"
import { StatusError } from "../../apimachinery/status-error.ts"
import { normalize } from "../../apimachinery/structural.ts"
import { type Random, uuid } from "../../base/random.ts"
import type { ConvertObjects } from "../registry/served-resources.ts"
import type { WebhookCaller } from "../webhooks/webhook-caller.ts"
import { acceptConverted, conversionReview, kindText, readReview } from "./conversion-review.ts"
import { messageOf } from "../../base/message-of.ts"

/** As upstream's clients of webhooks. */
const timeoutMs = 30_000
const reviewVersions = ["v1", "v1beta1"]

export interface WebhookConversionOptions {
  readonly webhook: WebhookConversion
  /** All versions that are declared. */
  readonly versions: readonly Resource[]
  readonly callWebhook: WebhookCaller
  readonly random: Random
}

/** Converts by asking a webhook: all objects in one call. Failures answer 500 and say which kind could not be converted. */
export function webhookConversion(options: WebhookConversionOptions): ConvertObjects {
  const schemas = new Map(options.versions.map((each) => [formatGroupVersion(each), each.schema]))
  return async (objects, apiVersion, signal) => {
    const kind = kindText(objects[0]!)
    const answered = await ask(options, objects, apiVersion, signal).catch((error: unknown) => {
      throw failure(`conversion webhook for ${kind} failed: ${messageOf(error)}`, error)
    })
    if (answered.length !== objects.length) {
      const counts = `${answered.length} objects, expected ${objects.length}`
      throw failure(`conversion webhook for ${kind} returned ${counts}`)
    }
    return objects.map((object, index) => {
      try {
        const converted = acceptConverted(object, answered[index], apiVersion)
        return normalize(schemas.get(apiVersion)!, converted)
      } catch (error) {
        const at = `invalid converted object at index ${index}`
        throw failure(`conversion webhook for ${kind} returned ${at}: ${messageOf(error)}`, error)
      }
    })
  }
}

async function ask(
  { webhook, callWebhook, random }: WebhookConversionOptions,
  objects: readonly KubeObject[],
  apiVersion: string,
  signal: AbortSignal,
): Promise<unknown[]> {
  const reviewVersion = webhook.conversionReviewVersions?.find((each) => reviewVersions.includes(each))
  if (!reviewVersion) throw new Error("no supported conversion review versions")
  const uid = uuid(random)
  const review = conversionReview(reviewVersion, { uid, desiredAPIVersion: apiVersion, objects })
  const answer = await callWebhook(webhook.clientConfig ?? {}, review, timeoutMs, signal)
  return readReview(answer as JsonRecord, reviewVersion, uid)
}

function failure(message: string, cause?: unknown): StatusError {
  return new StatusError("Unknown", message, { code: 500, ...(cause !== undefined && { cause }) })
}
