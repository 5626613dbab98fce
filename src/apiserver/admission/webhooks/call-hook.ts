import { type Status, StatusError } from "../../../apimachinery/status-error.ts"
import { badRequest } from "../../../apimachinery/status-errors.ts"
import { quote } from "../../../base/quote.ts"
import { type Random, uuid } from "../../../base/random.ts"
import type { WebhookCaller } from "../../webhooks/webhook-caller.ts"
import type { AdmissionAttributes } from "../admission.ts"
import { buildReview, readAnswer, type ReviewAnswer, reviewVersion } from "./admission-review.ts"
import { CallError } from "./call-error.ts"
import type { Webhook } from "./hooks.ts"
import { observeCall, type ObservingContext } from "./observe-call.ts"
import type { VersionedAttributes } from "./versioned-attributes.ts"

export interface CallingContext extends ObservingContext {
  readonly callWebhook: WebhookCaller
  readonly random: Random
}

const defaultTimeoutSeconds = 10

/**
 * Asks one webhook. Passes on its warnings and annotations.
 *
 * @throws StatusError when it refuses, CallError when there was no proper answer
 */
export function callHook(
  webhook: Webhook,
  versioned: VersionedAttributes,
  isMutating: boolean,
  context: CallingContext,
): Promise<ReviewAnswer> {
  const { operation } = versioned.attributes
  const type = isMutating ? "admit" : "validating"
  return observeCall(webhook, { type, operation }, context, () =>
    ask(webhook, versioned, isMutating, context),
  )
}

async function ask(
  webhook: Webhook,
  versioned: VersionedAttributes,
  isMutating: boolean,
  { callWebhook, random }: CallingContext,
): Promise<ReviewAnswer> {
  const { attributes } = versioned
  const { name, sideEffects, clientConfig, timeoutSeconds = defaultTimeoutSeconds } = webhook
  if (attributes.dryRun && sideEffects !== "None" && sideEffects !== "NoneOnDryRun")
    throw badRequest(`admission webhook ${quote(name)} does not support dry run`)
  const failing = (what: string) => (error: unknown) => {
    throw new CallError(name, `${what}: ${(error as Error).message}`, error)
  }
  const attempt = <T>(what: string, work: () => T): T => {
    try {
      return work()
    } catch (error) {
      return failing(what)(error)
    }
  }
  const version = attempt("could not create admission objects", () => reviewVersion(webhook))
  const uid = uuid(random)
  const review = await callWebhook(
    clientConfig,
    buildReview(versioned, version, uid),
    timeoutSeconds * 1000,
    attributes.signal ?? new AbortController().signal,
  ).catch(failing("failed to call webhook"))
  const answer = attempt("received invalid webhook response", () =>
    readAnswer(review, { version, uid, isMutating }),
  )
  passOn(answer, name, attributes)
  if (!answer.allowed) throw refusal(name, answer.result)
  return answer
}

function passOn(
  { warnings, auditAnnotations }: ReviewAnswer,
  name: string,
  { warn, annotate }: AdmissionAttributes,
): void {
  for (const warning of warnings) warn?.(warning)
  for (const [key, value] of Object.entries(auditAnnotations)) annotate?.(`${name}/${key}`, value)
}

/** A refusal is a failure whatever the webhook's Status says of itself. */
function refusal(name: string, result: Partial<Status> = {}): StatusError {
  const deniedBy = `admission webhook ${quote(name)} denied the request`
  const why = result.message || result.reason
  const { reason, details, code = 0 } = result
  return new StatusError(
    reason || "Unknown",
    why ? `${deniedBy}: ${why}` : `${deniedBy} without explanation`,
    {
      ...(details && { details }),
      code: Math.max(code, 400),
    },
  )
}
