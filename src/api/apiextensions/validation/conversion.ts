import { forbiddenValue, invalidValue, requiredValue } from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { dns1035LabelProblems } from "../../../apimachinery/names.ts"
import { decodeBase64 } from "../../../base/base64.ts"
import { type Errors, oneOf } from "../../validation/checks.ts"
import { validateWebhookService, validateWebhookUrl } from "../../validation/webhook-client.ts"
import type { CustomResourceConversion, WebhookClientConfig } from "../v1/custom-resource-definition.ts"

const reviewVersions = ["v1", "v1beta1"]

export interface ConversionLeniency {
  /** A bundle that is none is not in the way, as nobody is served yet or it was there before. */
  readonly caBundle: boolean
  readonly reviewVersions: boolean
}

/** Fields have the names they had in the first version of the API, which clients see in errors to this day. */
export function* validateConversion(
  conversion: CustomResourceConversion | undefined,
  path: FieldPath,
  lenient: ConversionLeniency,
): Errors {
  if (!conversion) return
  const { strategy, webhook } = conversion
  const clientPath = path.child("webhookClientConfig")
  const versionsPath = path.child("conversionReviewVersions")
  yield* oneOf(strategy, path.child("strategy"), ["None", "Webhook"])
  const versions = webhook?.conversionReviewVersions ?? []
  if (strategy === "Webhook") {
    if (!webhook?.clientConfig) yield requiredValue(clientPath, "required when strategy is set to Webhook")
    else yield* validateClientConfig(webhook.clientConfig, clientPath, lenient)
    yield* validateReviewVersions(versions, versionsPath, lenient)
    return
  }
  const detail = "should not be set when strategy is not set to Webhook"
  if (webhook?.clientConfig) yield forbiddenValue(clientPath, detail)
  if (versions.length > 0) yield forbiddenValue(versionsPath, detail)
}

function* validateClientConfig(
  { url, service, caBundle }: WebhookClientConfig,
  path: FieldPath,
  lenient: ConversionLeniency,
): Errors {
  if ((url === undefined) === (service === undefined))
    yield requiredValue(path, "exactly one of url or service is required")
  else if (url !== undefined) yield* validateWebhookUrl(url, path.child("url"))
  else if (service) yield* validateWebhookService(service, path.child("service"))
  const problem = lenient.caBundle ? undefined : caBundleProblem(caBundle)
  if (problem) yield invalidValue(path.child("caBundle"), caBundle, problem)
}

/** Why a bundle cannot be trusted; absent is fine. */
export function caBundleProblem(caBundle: string | undefined): string | undefined {
  if (!caBundle) return undefined
  const text = new TextDecoder().decode(decodeBase64(caBundle))
  if (text.trim() === "" || /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/.test(text))
    return undefined
  return `unable to load root certificates: unable to parse bytes as PEM block`
}

function* validateReviewVersions(
  versions: readonly string[],
  path: FieldPath,
  lenient: ConversionLeniency,
): Errors {
  if (versions.length === 0) {
    yield requiredValue(path)
    return
  }
  const seen = new Set<string>()
  for (const [index, version] of versions.entries()) {
    if (seen.has(version)) yield invalidValue(path.index(index), version, "duplicate version")
    else
      for (const problem of dns1035LabelProblems(version))
        yield invalidValue(path.index(index), version, problem)
    seen.add(version)
  }
  if (lenient.reviewVersions || hasKnownReviewVersion(versions)) return
  yield invalidValue(path, versions, `must include at least one of ${reviewVersions.join(", ")}`)
}

export function hasKnownReviewVersion(versions: readonly string[]): boolean {
  return versions.some((version) => reviewVersions.includes(version))
}
