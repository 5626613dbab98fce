import { createHash, X509Certificate } from "node:crypto"
import {
  type Certificate,
  decodeCertificate,
  extendedKeyUsages,
} from "../../../base/real/x509/certificate.ts"
import { decodePem } from "../../../base/real/x509/pem.ts"
import { CredentialError } from "../authenticator.ts"
import type { CertificateVerifier, VerifiedCertificate } from "../client-certificate.ts"

interface Link {
  readonly certificate: Certificate
  readonly x509: X509Certificate
}

/** Longer chains than that are nobody's. */
const maxChain = 8

/** Trusts what one of the authorities in `authoritiesPem` has signed, directly or through intermediates that came along. */
export function certificateVerifier(authoritiesPem: string): CertificateVerifier {
  const roots = decodePem("CERTIFICATE", authoritiesPem).map(link)
  return {
    verify(certificates) {
      const [leaf, ...intermediates] = certificates.map(readLink)
      if (!leaf) throw new CredentialError("no certificate was sent")
      const chain = findChain(leaf, intermediates, roots, [leaf])
      if (!chain) throw new CredentialError("x509: certificate signed by unknown authority")
      if (!chain.every(mayAuthenticateClients))
        throw new CredentialError("x509: certificate specifies an incompatible key usage")
      return verdict(certificates[0]!, leaf, chain)
    },
  }
}

function verdict(der: Uint8Array, leaf: Link, chain: readonly Link[]): VerifiedCertificate {
  const { commonName, organizations = [], uid } = leaf.certificate.subject
  return {
    commonName,
    organizations,
    ...(uid !== undefined && { uid }),
    notBefore: Math.max(...chain.map(({ certificate }) => certificate.notBefore)),
    notAfter: Math.min(...chain.map(({ certificate }) => certificate.notAfter)),
    fingerprint: createHash("sha256").update(der).digest("hex"),
  }
}

function findChain(
  last: Link,
  intermediates: readonly Link[],
  roots: readonly Link[],
  chain: readonly Link[],
): readonly Link[] | undefined {
  if (chain.length > maxChain) return undefined
  const root = roots.find((candidate) => hasSigned(candidate, last))
  if (root) return [...chain, root]
  for (const candidate of intermediates) {
    if (chain.includes(candidate) || !hasSigned(candidate, last)) continue
    const found = findChain(candidate, intermediates, roots, [...chain, candidate])
    if (found) return found
  }
  return undefined
}

function hasSigned(issuer: Link, subject: Link): boolean {
  const { authority, keyUsage } = issuer.certificate.extensions
  return (
    authority &&
    (keyUsage.length === 0 || keyUsage.includes("cert sign")) &&
    Buffer.from(issuer.certificate.subjectBytes).equals(subject.certificate.issuerBytes) &&
    subject.x509.verify(issuer.x509.publicKey)
  )
}

function mayAuthenticateClients({ certificate }: Link): boolean {
  const usages = certificate.extensions.extendedKeyUsage
  return (
    usages === undefined ||
    usages.includes(extendedKeyUsages["client auth"]) ||
    usages.includes(extendedKeyUsages.any)
  )
}

function readLink(der: Uint8Array): Link {
  try {
    return link(der)
  } catch (cause) {
    throw new CredentialError("the client's certificate cannot be read", { cause })
  }
}

function link(der: Uint8Array): Link {
  return { certificate: decodeCertificate(der), x509: new X509Certificate(der) }
}
