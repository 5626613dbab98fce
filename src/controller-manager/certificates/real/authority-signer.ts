import { createPrivateKey } from "node:crypto"
import type { Random } from "../../../base/random.ts"
import {
  type ExtendedKeyUsage,
  extendedKeyUsages,
  type KeyUsage,
  decodeCertificate,
  keyUsages,
  signCertificate,
} from "../../../base/real/x509/certificate.ts"
import { decodeCertificateRequest } from "../../../base/real/x509/certificate-request.ts"
import { decodePem, encodePem } from "../../../base/real/x509/pem.ts"
import type { CertificateSigner } from "../certificate-signer.ts"

/** Signs with a certificate authority of the cluster. Both in PEM; read anew by the caller when they are replaced. */
export function createAuthoritySigner(authority: {
  readonly certificatePem: string
  readonly keyPem: string
  readonly random: Random
}): CertificateSigner {
  const [certificate] = decodePem("CERTIFICATE", authority.certificatePem)
  if (!certificate) throw new Error("the certificate authority has no certificate")
  const key = createPrivateKey(authority.keyPem)
  const { notAfter } = decodeCertificate(certificate)

  return {
    decode(requestPem) {
      const { subject, extensions } = parse(requestPem)
      const { commonName, organizations = [] } = subject
      return { commonName, organizations, ...extensions.alternativeNames }
    },

    sign(requestPem, { usages, notBeforeMs, notAfterMs }) {
      const request = parse(requestPem)
      const der = signCertificate(
        {
          subject: request.subject,
          alternativeNames: request.extensions.alternativeNames,
          keyUsage: keyUsages.filter((usage) => usages.includes(usage) || isAlias(usage, usages)),
          extendedKeyUsage: (Object.keys(extendedKeyUsages) as ExtendedKeyUsage[]).filter((usage) =>
            usages.includes(usage),
          ),
          notBefore: notBeforeMs,
          notAfter: Math.min(notAfterMs, notAfter),
          serialNumber: positive(authority.random.bytes(16)),
          publicKey: request.publicKey,
        },
        { certificate, key },
      )
      return encodePem("CERTIFICATE", der)
    },
  }
}

function parse(requestPem: string) {
  const [der] = decodePem("CERTIFICATE REQUEST", requestPem)
  if (!der) throw new Error("PEM block type must be CERTIFICATE REQUEST")
  return decodeCertificateRequest(der)
}

/** "signing" is another word for it. */
function isAlias(usage: KeyUsage, usages: readonly string[]): boolean {
  return usage === "digital signature" && usages.includes("signing")
}

/** Serial numbers are positive and never begin with zero. */
function positive(bytes: Uint8Array): Uint8Array {
  bytes[0] = (bytes[0]! & 0x7f) | 0x40
  return bytes
}
