import {
  invalidValue,
  omittedValue,
  requiredValue,
  tooLong,
  unsupportedValue,
} from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { decodeBase64 } from "../../../base/base64.ts"
import { utf8Length } from "../../../base/utf8.ts"
import { dnsSubdomain, type Errors, immutable } from "../../validation/checks.ts"
import { validateConditions } from "../../validation/conditions.ts"
import { semanticEqual } from "../../validation/semantic-equal.ts"
import { isKubernetesSigner, validateSignerName } from "../../validation/signer-name.ts"
import { validateUserAnnotations } from "../../core/validation/projected-volumes.ts"
import type { PodCertificateRequest, PodCertificateRequestSpec } from "../v1beta1/pod-certificate-request.ts"
import { validateIssued } from "./issued-certificate.ts"
import { parseCertificateRequest } from "./parse-certificate.ts"

const path = fieldPath("spec")
const statusPath = fieldPath("status")
const maxUidBytes = 128
const maxKeyBytes = 10 * 1024
const minExpirationSeconds = 3600
const maxExpirationSeconds = { kubernetes: 24 * 3600, others: 91 * 24 * 3600 }

export function* validatePodCertificateRequest({ spec }: PodCertificateRequest): Errors {
  yield* validateSignerName(spec.signerName, path.child("signerName"))
  const annotations = spec.unverifiedUserAnnotations
  if (annotations) yield* validateUserAnnotations(annotations, path.child("unverifiedUserAnnotations"))
  for (const [name, uid] of [
    ["podName", "podUID"],
    ["serviceAccountName", "serviceAccountUID"],
    ["nodeName", "nodeUID"],
  ] as const) {
    yield* dnsSubdomain(spec[name], path.child(name))
    if (!spec[uid]) yield invalidValue(path.child(uid), spec[uid], "must not be empty")
    if (utf8Length(spec[uid]) > maxUidBytes) yield tooLong(path.child(uid), maxUidBytes)
  }
  yield* expiration(spec, path.child("maxExpirationSeconds"))
  if (spec.maxExpirationSeconds !== undefined) yield* publicKey(spec)
}

function* expiration(
  { signerName, maxExpirationSeconds: seconds }: PodCertificateRequestSpec,
  at: FieldPath,
): Errors {
  if (seconds === undefined) {
    yield requiredValue(at, "must be set")
    return
  }
  const max = maxExpirationSeconds[isKubernetesSigner(signerName) ? "kubernetes" : "others"]
  if (seconds < minExpirationSeconds || seconds > max) {
    yield invalidValue(at, seconds, `must be in the range [${minExpirationSeconds}, ${max}]`)
  }
}

/** The key that the certificate is to be for: in a certificate request, or alone with a proof that the asker has it. */
function* publicKey(spec: PodCertificateRequestSpec): Errors {
  const { stubPKCS10Request: request, pkixPublicKey: key, proofOfPossession: proof } = spec
  const parts = [request, key, proof].map((part) => decodeBase64(part ?? ""))
  const [requestBytes, keyBytes, proofBytes] = parts as [Uint8Array, Uint8Array, Uint8Array]
  if (request && !key && !proof) yield* stubRequest(requestBytes, path.child("stubPKCS10Request"))
  else if (!request && key && proof) {
    if (keyBytes.length > maxKeyBytes) yield tooLong(path.child("pkixPublicKey"), maxKeyBytes)
    else if (proofBytes.length > maxKeyBytes) yield tooLong(path.child("proofOfPossession"), maxKeyBytes)
  } else {
    const detail = "exactly one of (stubPKCS10Request) or (pkixPublicKey, proofOfPossession) must be set"
    yield invalidValue(path, omittedValue, detail)
  }
}

function* stubRequest(der: Uint8Array, at: FieldPath): Errors {
  if (der.length > maxKeyBytes) {
    yield tooLong(at, maxKeyBytes)
    return
  }
  try {
    parseCertificateRequest(der)
  } catch {
    yield invalidValue(at, omittedValue, "must be a valid PKCS#10 CSR")
  }
}

export function* validatePodCertificateRequestUpdate(
  request: PodCertificateRequest,
  old: PodCertificateRequest,
): Errors {
  yield* immutable(request.spec, old.spec, path)
}

const finalTypes = ["Issued", "Denied", "Failed"]

/** @param now the server's time, which a certificate must begin near to; RFC 3339 */
export function* validatePodCertificateRequestStatus(
  request: PodCertificateRequest,
  old: PodCertificateRequest,
  now: string,
): Errors {
  const { status } = request
  const problems = [
    ...validateFinal(request),
    ...validateConditions(status.conditions ?? [], statusPath.child("conditions")),
  ]
  if (problems.length > 0) {
    yield* problems
    return
  }
  const changed = (detail: string) => invalidValue(statusPath, omittedValue, detail)
  const isSame = semanticEqual(status, old.status)
  if (isFinal(old)) {
    if (!isSame) yield changed("immutable after PodCertificateRequest is issued, denied, or failed")
  } else if (isFinal(request, "Denied") || isFinal(request, "Failed")) {
    const { conditions = [] } = status
    const detail =
      "non-condition status fields must be empty when denying or failing the PodCertificateRequest"
    if (!semanticEqual(status, { conditions })) yield changed(detail)
  } else if (isFinal(request, "Issued")) yield* validateIssued(request, old, now)
  else if (!isSame)
    yield changed('status is immutable unless transitioning to "Issued", "Denied", or "Failed"')
}

function* validateFinal({ status }: PodCertificateRequest): Errors {
  let known = 0
  for (const [index, condition] of (status.conditions ?? []).entries()) {
    const at = fieldPath("status", "conditions", `[${index}]`)
    if (!finalTypes.includes(condition.type)) {
      yield unsupportedValue(at.child("type"), condition.type, finalTypes)
      continue
    }
    if (++known > 1) {
      const detail = 'There may be at most one condition with type "Issued", "Denied", or "Failed"'
      yield invalidValue(at.child("type"), condition.type, detail)
    }
    if (condition.status !== "True") yield unsupportedValue(at.child("status"), condition.status, ["True"])
  }
}

function isFinal({ status }: PodCertificateRequest, ...types: string[]): boolean {
  const wanted = types.length > 0 ? types : finalTypes
  return (status.conditions ?? []).some(
    ({ type, status: value }) => wanted.includes(type) && value === "True",
  )
}
