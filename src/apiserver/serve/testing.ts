import type { KeyObject } from "node:crypto"
import { realClock } from "../../base/real/clock.ts"
import { realRandom } from "../../base/real/random.ts"
import { type ExtendedKeyUsage, signCertificate } from "../../base/real/x509/certificate.ts"
import { generateKey, privateKeyPem, publicKeyInfo } from "../../base/real/x509/keys.ts"
import { encodePem } from "../../base/real/x509/pem.ts"
import type { KeyPairPem } from "./serve-https.ts"

export interface TestCertificates {
  /** PEM of the authority that signed all others. */
  readonly authority: string
  /** For 127.0.0.1. */
  readonly server: KeyPairPem
  client(commonName: string, ...organizations: string[]): KeyPairPem
}

const hourMs = 3_600_000

/** An authority of its own and what it has signed, for tests that listen on loopback. */
export function issueTestCertificates(): TestCertificates {
  const key = generateKey()
  const der = sign({ commonName: "test-ca", key, isAuthority: true })
  const issue = (
    commonName: string,
    usage: ExtendedKeyUsage,
    organizations: readonly string[] = [],
  ): KeyPairPem => {
    const own = generateKey()
    const signed = sign({ commonName, key: own, usage, organizations, issuer: { certificate: der, key } })
    return { certificate: encodePem("CERTIFICATE", signed), key: privateKeyPem(own) }
  }
  return {
    authority: encodePem("CERTIFICATE", der),
    server: issue("kube-apiserver", "server auth"),
    client: (commonName, ...organizations) => issue(commonName, "client auth", organizations),
  }
}

function sign(options: {
  readonly commonName: string
  readonly organizations?: readonly string[]
  readonly key: KeyObject
  readonly usage?: ExtendedKeyUsage
  readonly isAuthority?: boolean
  readonly issuer?: { readonly certificate: Uint8Array; readonly key: KeyObject }
}): Uint8Array {
  const { commonName, organizations = [], key, usage, isAuthority = false, issuer } = options
  const now = realClock.now()
  return signCertificate(
    {
      subject: { commonName, organizations },
      ...(usage === "server auth" && {
        alternativeNames: { dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"] },
      }),
      authority: isAuthority,
      keyUsage: isAuthority ? ["digital signature", "cert sign"] : ["digital signature", "key encipherment"],
      ...(usage && { extendedKeyUsage: [usage] }),
      notBefore: now - hourMs,
      notAfter: now + hourMs,
      serialNumber: realRandom.bytes(16),
      publicKey: publicKeyInfo(key),
    },
    issuer ?? { key },
  )
}
