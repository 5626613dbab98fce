import type { CertificateSigningRequest } from "../../../api/certificates/v1/certificate-signing-request.ts"
import type { PodCertificateRequest } from "../../../api/certificates/v1beta1/pod-certificate-request.ts"
import { pemBlocks } from "../../../api/validation/pem-blocks.ts"
import { type FieldError, invalidValue, omittedValue } from "../../../apimachinery/field-error.ts"
import { decodeBase64 } from "../../../base/base64.ts"

/** Who asks for a certificate shows that the key is theirs. Needs cryptography, which the portable core has none of. */
export interface KeyProofs {
  /** Undefined: the request, in DER, is signed by the key it names, or is no request. */
  requestSignatureProblem(der: Uint8Array): string | undefined
  /** @param keyInfo subjectPublicKeyInfo */
  isProvenBy(keyInfo: Uint8Array, text: Uint8Array, proof: Uint8Array): boolean
}

export function signingRequestProof({ spec }: CertificateSigningRequest, proofs: KeyProofs): FieldError[] {
  const [block] = pemBlocks(new TextDecoder().decode(bytesOf(spec.request ?? "")))
  if (block?.type !== "CERTIFICATE REQUEST") return []
  const problem = proofs.requestSignatureProblem(block.der)
  return problem ? [invalidValue("spec.request", spec.request, problem)] : []
}

export function podCertificateRequestProof({ spec }: PodCertificateRequest, proofs: KeyProofs): FieldError[] {
  const { stubPKCS10Request: request, pkixPublicKey: key, proofOfPossession: proof, podUID } = spec
  if (request && !key && !proof) {
    if (!proofs.requestSignatureProblem(bytesOf(request))) return []
    return [invalidValue("spec.stubPKCS10Request", omittedValue, "invalid signature")]
  }
  if (request || !key || !proof) return []
  if (proofs.isProvenBy(bytesOf(key), new TextEncoder().encode(podUID), bytesOf(proof))) return []
  const detail = "could not verify proof-of-possession signature"
  return [invalidValue("spec.proofOfPossession", omittedValue, detail)]
}

function bytesOf(text: string): Uint8Array {
  try {
    return decodeBase64(text)
  } catch {
    return new Uint8Array()
  }
}
