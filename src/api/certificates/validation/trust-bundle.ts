import { type FieldError, invalidValue, tooLong } from "../../../apimachinery/field-error.ts"
import { fieldPath } from "../../../apimachinery/field-path.ts"
import { encodeBase64 } from "../../../base/base64.ts"
import { utf8Length } from "../../../base/utf8.ts"
import { type Errors, immutable, problems } from "../../validation/checks.ts"
import { clusterTrustBundleName, validateSignerName } from "../../validation/signer-name.ts"
import type { ClusterTrustBundle } from "../v1beta1/cluster-trust-bundle.ts"
import { parseCertificate } from "./parse-certificate.ts"
import { type PemBlock, pemBlocks } from "../../validation/pem-blocks.ts"

const bundlePath = fieldPath("spec", "trustBundle")
const maxBundleBytes = 1024 * 1024

export function* validateTrustBundle({ spec }: ClusterTrustBundle): Errors {
  if (spec.signerName) yield* validateSignerName(spec.signerName, fieldPath("spec", "signerName"))
  yield* validateAnchors(spec.trustBundle)
}

function* validateNames(name: string, signerName: string): Errors {
  yield* problems(name, fieldPath("metadata", "name"), clusterTrustBundleName(signerName)(name, false))
  if (signerName) yield* validateSignerName(signerName, fieldPath("spec", "signerName"))
}

/** What was there is not read again: a stricter reader must not lock people out of their objects. */
export function* validateTrustBundleUpdate(bundle: ClusterTrustBundle, old: ClusterTrustBundle): Errors {
  yield* validateNames(bundle.metadata.name, bundle.spec.signerName ?? "")
  if (bundle.spec.trustBundle !== old.spec.trustBundle) yield* validateAnchors(bundle.spec.trustBundle)
  yield* immutable(bundle.spec.signerName ?? "", old.spec.signerName ?? "", fieldPath("spec", "signerName"))
}

const bad = (detail: string): FieldError => invalidValue(bundlePath, "<value omitted>", detail)

function* validateAnchors(text: string): Errors {
  if (utf8Length(text) > maxBundleBytes) {
    yield tooLong(bundlePath, maxBundleBytes)
    return
  }
  const blocks = pemBlocks(text)
  const malformed = blocks.flatMap((block, index) => blockProblem(block, index) ?? [])
  if (malformed.length > 0) yield* malformed.map(bad)
  else if (blocks.length === 0) yield bad("at least one trust anchor must be provided")
  else {
    for (const indices of indicesByContent(blocks)) {
      if (indices.length > 1) yield bad(`duplicate trust anchor (indices [${indices.join(" ")}])`)
    }
  }
}

function indicesByContent(blocks: readonly PemBlock[]): Iterable<number[]> {
  const byContent = new Map<string, number[]>()
  for (const [index, { der }] of blocks.entries()) {
    const content = encodeBase64(der)
    byContent.set(content, [...(byContent.get(content) ?? []), index])
  }
  return byContent.values()
}

function blockProblem({ type, hasHeaders, der }: PemBlock, index: number): string | undefined {
  if (type !== "CERTIFICATE") return `entry ${index} has bad block type: ${type}`
  if (hasHeaders) return `entry ${index} has PEM block headers`
  try {
    if (parseCertificate(der).isAuthority) return undefined
    return `entry ${index} does not have the CA bit set`
  } catch {
    return `entry ${index} does not parse as X.509`
  }
}
