import { isRecord } from "../../../apimachinery/schema-plan.ts"
import type { Status } from "../../../apimachinery/status-error.ts"
import { decodeBase64 } from "../../../base/base64.ts"
import { quote } from "../../../base/quote.ts"
import type { VersionedAttributes } from "./versioned-attributes.ts"
import type { Webhook } from "./hooks.ts"

// The question and the answer (https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/).

const versions = ["v1", "v1beta1"] as const
export type ReviewVersion = (typeof versions)[number]

/** The first version of the webhook's list that we speak. Throws Error when it knows none. */
export function reviewVersion({ admissionReviewVersions }: Webhook): ReviewVersion {
  const found = admissionReviewVersions.flatMap((wanted) => versions.filter((each) => each === wanted))[0]
  if (!found) throw new Error("webhook does not accept known AdmissionReview versions (v1, v1beta1)")
  return found
}

export function buildReview(
  { attributes, resource, kind, object, oldObject }: VersionedAttributes,
  version: ReviewVersion,
  uid: string,
): object {
  const { user, subresource, name, namespace, operation, dryRun, options } = attributes
  const triple = ({ group, version: each, plural }: typeof resource) => ({
    group,
    version: each,
    resource: plural,
  })
  const { group, version: kindVersion, kind: kindName } = attributes.kind
  return {
    kind: "AdmissionReview",
    apiVersion: `admission.k8s.io/${version}`,
    request: {
      uid,
      kind,
      resource: triple(resource),
      ...(subresource && { subResource: subresource }),
      requestKind: { group, version: kindVersion, kind: kindName },
      requestResource: triple(attributes.resource),
      ...(subresource && { requestSubResource: subresource }),
      ...(name && { name }),
      ...(namespace && { namespace }),
      operation,
      userInfo: {
        username: user.name,
        ...(user.uid && { uid: user.uid }),
        ...(user.groups.length > 0 && { groups: user.groups }),
        ...(Object.keys(user.extra).length > 0 && { extra: user.extra }),
      },
      object: object ?? null,
      oldObject: oldObject ?? null,
      dryRun,
      options: operation === "CONNECT" ? null : options,
    },
  }
}

/** What a webhook has said, in whatever version. */
export interface ReviewAnswer {
  readonly allowed: boolean
  readonly result: Partial<Status> | undefined
  /** A JSON patch, not decoded yet; undefined for none. */
  readonly patch: string | undefined
  readonly patchType: string
  readonly warnings: readonly string[]
  readonly auditAnnotations: Readonly<Record<string, string>>
}

/** Throws Error with what is wrong about the answer. */
export function readAnswer(
  review: object,
  expected: { readonly version: ReviewVersion; readonly uid: string; readonly isMutating: boolean },
): ReviewAnswer {
  const { apiVersion = "", kind = "", response } = review as Readonly<Record<string, unknown>>
  if (!isRecord(response)) throw new Error("webhook response was absent")
  if (expected.version === "v1") {
    const { uid = "" } = response
    if (uid !== expected.uid)
      throw new Error(`expected response.uid=${quote(expected.uid)}, got ${quote(String(uid))}`)
    if (apiVersion !== "admission.k8s.io/v1" || kind !== "AdmissionReview") {
      const got = `${apiVersion === "" ? "/" : String(apiVersion)}, Kind=${String(kind)}`
      throw new Error(`expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got ${got}`)
    }
    checkPatch(response, expected.isMutating)
  }
  const { patch } = response
  const encoded = expected.isMutating && typeof patch === "string" && patch !== "" ? patch : undefined
  return {
    allowed: response["allowed"] === true,
    result: isRecord(response["status"]) ? response["status"] : undefined,
    patch: encoded === undefined ? undefined : new TextDecoder().decode(decodeBase64(encoded)),
    // Older webhooks never said what it is, and there is one kind of patch only.
    patchType: expected.version === "v1" ? text(response["patchType"]) : "JSONPatch",
    warnings: strings(response["warnings"]),
    auditAnnotations: isRecord(response["auditAnnotations"])
      ? (response["auditAnnotations"] as Record<string, string>)
      : {},
  }
}

function checkPatch({ patch, patchType }: Readonly<Record<string, unknown>>, isMutating: boolean): void {
  const hasPatch = typeof patch === "string" && patch !== ""
  const hasType = patchType !== undefined && patchType !== null
  if (!isMutating) {
    if (hasPatch) throw new Error("validating webhook may not return response.patch")
    if (hasType) throw new Error("validating webhook may not return response.patchType")
    return
  }
  if (hasPatch && !hasType) throw new Error("webhook returned response.patch but not response.patchType")
  if (!hasPatch && hasType) throw new Error("webhook returned response.patchType but not response.patch")
  if (patchType === "") throw new Error('webhook returned invalid response.patchType of ""')
}

function text(value: unknown): string {
  return typeof value === "string" ? value : ""
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : []
}
