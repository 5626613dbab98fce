import { encodeJson } from "../../apimachinery/codec/json.ts"
import { formatFieldErrors } from "../../apimachinery/field-error.ts"
import { fieldPath } from "../../apimachinery/field-path.ts"
import { copyJson } from "../../apimachinery/freeze.ts"
import { type KubeObject, type ObjectMeta, parseGroupVersion } from "../../apimachinery/meta.ts"
import { isRecord, type JsonRecord } from "../../apimachinery/schema-plan.ts"
import { validateAnnotations, validateLabels } from "../../apimachinery/validate-object-meta.ts"
import { quote } from "../../base/quote.ts"

/*
 * What is asked of a conversion webhook and what its answer must be
 * (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/#webhook-conversion).
 * It may change everything but the metadata; of that, labels and annotations.
 */

export interface ConversionRequest {
  readonly uid: string
  readonly desiredAPIVersion: string
  readonly objects: readonly KubeObject[]
}

export function conversionReview(reviewVersion: string, request: ConversionRequest): object {
  return { kind: "ConversionReview", apiVersion: `apiextensions.k8s.io/${reviewVersion}`, request }
}

/** "example.com/v1, Kind=Widget" */
export function kindText({
  apiVersion,
  kind,
}: {
  readonly apiVersion: string
  readonly kind: string
}): string {
  return `${apiVersion}, Kind=${kind}`
}

/** The objects of an answer, in the order of those that were sent. Throws Error in upstream's words. */
export function readReview(answer: JsonRecord, reviewVersion: string, uid: string): unknown[] {
  const { response, apiVersion, kind } = answer
  if (reviewVersion === "v1") {
    const expected = { apiVersion: "apiextensions.k8s.io/v1", kind: "ConversionReview" }
    const got = { apiVersion: text(apiVersion), kind: text(kind) }
    if (kindText(got) !== kindText(expected))
      throw new Error(`expected webhook response of ${kindText(expected)}, got ${kindText(got)}`)
  }
  if (!isRecord(response)) throw new Error("no response provided")
  if (reviewVersion === "v1" && response["uid"] !== uid)
    throw new Error(`expected response.uid=${quote(uid)}, got ${quote(text(response["uid"]))}`)
  const result = isRecord(response["result"]) ? response["result"] : {}
  if (result["status"] !== "Success") {
    if (result["message"]) throw new Error(text(result["message"]))
    throw new Error(`response.result.status was '${text(result["status"])}', not 'Success'`)
  }
  const { convertedObjects } = response
  return Array.isArray(convertedObjects) ? convertedObjects : []
}

/** One converted object, with what it may not change put back. Throws Error in upstream's words. */
export function acceptConverted(original: KubeObject, converted: unknown, apiVersion: string): KubeObject {
  if (!isRecord(converted)) throw new Error(`unexpected type of object: ${encodeJson(converted)}`)
  const { kind } = converted
  if (converted["apiVersion"] !== apiVersion) {
    const [expected, received] = [apiVersion, text(converted["apiVersion"])].map(groupVersionText)
    throw new Error(`invalid groupVersion (expected ${expected}, received ${received})`)
  }
  if (kind !== original.kind)
    throw new Error(`invalid kind (expected ${original.kind}, received ${text(kind)})`)
  checkIdentity(original, isRecord(converted["metadata"]) ? converted["metadata"] : {})
  return {
    ...converted,
    metadata: restoreMetadata(original.metadata, converted["metadata"]),
  } as unknown as KubeObject
}

function groupVersionText(apiVersion: string): string {
  const { group, version } = parseGroupVersion(apiVersion)
  return group ? `${group}/${version}` : version
}

function checkIdentity({ metadata }: KubeObject, converted: JsonRecord): void {
  const checks = [
    ["name", "name"],
    ["namespace", "namespace"],
    ["uid", "UID"],
  ] as const
  for (const [field, title] of checks) {
    const [mine, theirs] = [metadata[field] ?? "", text(converted[field])]
    if (mine !== theirs) throw new Error(`must have the same ${title}: ${mine} != ${theirs}`)
  }
}

function restoreMetadata(original: ObjectMeta, converted: unknown): ObjectMeta {
  if (converted === undefined) throw new Error("missing metadata in converted object")
  if (!isRecord(converted)) throw new Error("invalid metadata of type string in converted object")
  const metadata = copyJson(original) as ObjectMeta & JsonRecord
  for (const field of ["labels", "annotations"] as const) {
    const value = converted[field]
    if (value === undefined || value === null) delete metadata[field]
    else metadata[field] = checkTexts(field, value)
  }
  return metadata
}

function checkTexts(field: "labels" | "annotations", value: unknown): Record<string, string> {
  if (!isRecord(value))
    throw new Error(`invalid metadata.${field} of type ${typeof value} in converted object`)
  for (const [key, each] of Object.entries(value)) {
    if (typeof each !== "string")
      throw new Error(`metadata.${field}[${key}] must be a string, but is ${typeof each} in converted object`)
  }
  const texts = value as Record<string, string>
  const errors =
    field === "labels"
      ? validateLabels(texts, fieldPath("metadata", "labels"))
      : validateAnnotations(texts, fieldPath("metadata", "annotation"))
  if (errors.length > 0) throw new Error(formatFieldErrors(errors))
  return texts
}

function text(value: unknown): string {
  return typeof value === "string" ? value : ""
}
