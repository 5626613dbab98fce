import { invalidValue, requiredValue, tooLong } from "../../../apimachinery/field-error.ts"
import { fieldPath } from "../../../apimachinery/field-path.ts"
import { decodeBase64, encodeBase64 } from "../../../base/base64.ts"
import { utf8Length } from "../../../base/utf8.ts"
import type { Errors } from "../../validation/checks.ts"
import type { PodCertificateRequest } from "../v1beta1/pod-certificate-request.ts"
import { type ParsedCertificate, parseCertificate, parseCertificateRequest } from "./parse-certificate.ts"
import { type PemBlock, pemBlocks } from "../../validation/pem-blocks.ts"

const status = fieldPath("status")
const chainPath = status.child("certificateChain")
const minuteMs = 60_000
const maxChainBytes = 100 * 1024

/** A certificate as a signer may issue it: for the key that was asked for, from about now on, and not for too long. */
export function* validateIssued(
  request: PodCertificateRequest,
  old: PodCertificateRequest,
  now: string,
): Errors {
  const chain = request.status.certificateChain ?? ""
  if (utf8Length(chain) > maxChainBytes) {
    yield tooLong(chainPath, maxChainBytes)
    return
  }
  const [leaf, ...others] = pemBlocks(chain)
  const parsed = leaf && parse(leaf)
  const problem = leafProblem(leaf, parsed, old)
  if (problem || !parsed) {
    yield invalidValue(chainPath, chain, problem!)
    return
  }
  const wrong = [...timesSet(request)]
  yield* wrong.length > 0 ? wrong : first(times(request, parsed, Date.parse(now)))
  if (wrong.length > 0) return
  for (const other of others) {
    const detail = otherProblem(other)
    if (detail) yield invalidValue(chainPath, chain, detail)
  }
}

function parse({ der }: PemBlock): ParsedCertificate | undefined {
  try {
    return parseCertificate(der)
  } catch {
    return undefined
  }
}

function leafProblem(
  leaf: PemBlock | undefined,
  parsed: ParsedCertificate | undefined,
  old: PodCertificateRequest,
): string | undefined {
  if (!leaf) return "issued certificate chain must contain at least one certificate"
  if (leaf.type !== "CERTIFICATE")
    return "issued certificate chain must consist entirely of CERTIFICATE PEM blocks"
  if (!parsed) return "leaf certificate does not parse as valid X.509"
  const { stubPKCS10Request: stub, pkixPublicKey } = old.spec
  const wanted = stub ? encodeBase64(parseCertificateRequest(decodeBase64(stub)).publicKey) : pkixPublicKey
  const isWanted = encodeBase64(parsed.publicKey) === wanted
  return isWanted ? undefined : "leaf certificate was not issued to the requested public key"
}

function otherProblem(block: PemBlock): string | undefined {
  // The spelling is upstream's.
  if (block.type !== "CERTIFICATE")
    return "issued certificate chain must consist entirely of CERTFICATE PEM blocks"
  return parse(block) ? undefined : "intermediate certificate does not parse as valid X.509"
}

function* timesSet({ status: { notBefore, notAfter, beginRefreshAt } }: PodCertificateRequest): Errors {
  const consistent = "must be present and consistent with the issued certificate"
  if (!notBefore) yield requiredValue(status.child("notBefore"), consistent)
  if (!notAfter) yield requiredValue(status.child("notAfter"), consistent)
  if (!beginRefreshAt) {
    const detail = "must be present and in the range [notbefore+10min, notafter-10min]"
    yield requiredValue(status.child("beginRefreshAt"), detail)
  }
}

function* times(request: PodCertificateRequest, leaf: ParsedCertificate, nowMs: number): Errors {
  const told = request.status
  const [from, to, refresh] = [told.notBefore, told.notAfter, told.beginRefreshAt].map((time) =>
    Date.parse(time!),
  ) as [number, number, number]
  const wrong = (name: "notBefore" | "notAfter" | "beginRefreshAt", detail: string) =>
    invalidValue(status.child(name), told[name], detail)
  if (from !== leaf.notBefore) {
    yield wrong("notBefore", "must be set to the NotBefore time encoded in the leaf certificate")
  }
  if (Math.abs(from - nowMs) >= 5 * minuteMs) {
    yield wrong("notBefore", "must be set to within 5 minutes of kube-apiserver's current time")
  }
  if (to !== leaf.notAfter) {
    yield wrong("notAfter", "must be set to the NotAfter time encoded in the leaf certificate")
  }
  const seconds = (to - from) / 1000
  const max = request.spec.maxExpirationSeconds ?? 0
  if (seconds < 3600) yield invalidValue(chainPath, seconds, "leaf certificate lifetime must be >= 1 hour")
  if (seconds > max) {
    const detail = `leaf certificate lifetime must be <= spec.maxExpirationSeconds (${max})`
    yield invalidValue(chainPath, seconds, detail)
  }
  if (refresh < from + 10 * minuteMs) {
    yield wrong("beginRefreshAt", "must be at least 10 minutes after status.notBefore")
  }
  if (refresh > to - 10 * minuteMs) {
    yield wrong("beginRefreshAt", "must be at least 10 minutes before status.notAfter")
  }
}

/** One mistake at a time. */
function* first(errors: Errors): Errors {
  for (const error of errors) {
    yield error
    return
  }
}
