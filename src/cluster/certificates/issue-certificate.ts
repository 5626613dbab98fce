import { X509Certificate } from "node:crypto"
import type { Random } from "../../base/random.ts"
import { extendedKeyUsages, signCertificate } from "../../base/real/x509/certificate.ts"
import { generateKey, publicKeyInfo } from "../../base/real/x509/keys.ts"
import type { CertificatePlan } from "./certificate-plan.ts"
import { type KeyPair, keyPair } from "./key-pair-files.ts"

const minuteMs = 60_000
const yearMs = 365 * 24 * 60 * minuteMs

/** Machines disagree about the time by a few minutes. */
const backdateMs = 5 * minuteMs

export const authorityLifetimeMs = 10 * yearMs
export const certificateLifetimeMs = yearMs

/** A new certificate authority, signed by itself. */
export function issueAuthority(commonName: string, nowMs: number, random: Random): KeyPair {
  const key = generateKey()
  const der = signCertificate(
    {
      subject: { commonName },
      alternativeNames: { dnsNames: [commonName] },
      authority: true,
      keyUsage: ["digital signature", "key encipherment", "cert sign"],
      notBefore: nowMs - backdateMs,
      notAfter: nowMs + authorityLifetimeMs,
      serialNumber: serialNumber(random),
      publicKey: publicKeyInfo(key),
    },
    { key },
  )
  return keyPair(der, key)
}

/** A new key and its certificate as planned, never valid for longer than the authority itself. */
export function issueCertificate(
  plan: CertificatePlan,
  authority: KeyPair,
  nowMs: number,
  random: Random,
): KeyPair {
  const key = generateKey()
  const der = signCertificate(
    {
      subject: plan.subject,
      ...(plan.alternativeNames && { alternativeNames: plan.alternativeNames }),
      keyUsage: ["digital signature", "key encipherment"],
      extendedKeyUsage: plan.usages,
      notBefore: nowMs - backdateMs,
      notAfter: Math.min(nowMs + certificateLifetimeMs, authority.certificate.notAfter),
      serialNumber: serialNumber(random),
      publicKey: publicKeyInfo(key),
    },
    { certificate: authority.der, key: authority.key },
  )
  return keyPair(der, key)
}

/** For a port that must be open before anybody has signed its certificate: nobody has reason to believe it. */
export function issueTemporary(nodeName: string, nowMs: number, random: Random): KeyPair {
  return issueAuthority(nodeName, nowMs, random)
}

/** When a third of its life is left, a certificate is replaced: time enough to notice should that fail. */
export function renewalDue(pair: KeyPair): number {
  const { notBefore, notAfter } = pair.certificate
  return notAfter - (notAfter - notBefore) / 3
}

/** A certificate from an earlier start serves on while it says what is planned and has time left. */
export function stillServes(
  existing: KeyPair,
  plan: CertificatePlan,
  authority: KeyPair,
  nowMs: number,
): boolean {
  const { certificate } = existing
  const { alternativeNames: names, extendedKeyUsage } = certificate.extensions
  const covers = (have: readonly string[], want: readonly string[] = []) =>
    want.every((name) => have.includes(name))
  return (
    nowMs >= certificate.notBefore &&
    nowMs < renewalDue(existing) &&
    certificate.subject.commonName === plan.subject.commonName &&
    covers(certificate.subject.organizations ?? [], plan.subject.organizations) &&
    covers(plan.subject.organizations ?? [], certificate.subject.organizations) &&
    covers(
      extendedKeyUsage ?? [],
      plan.usages.map((usage) => extendedKeyUsages[usage]),
    ) &&
    covers(names.dnsNames, plan.alternativeNames?.dnsNames) &&
    covers(names.ipAddresses, plan.alternativeNames?.ipAddresses) &&
    new X509Certificate(existing.der).verify(new X509Certificate(authority.der).publicKey)
  )
}

function serialNumber(random: Random): Uint8Array {
  const bytes = random.bytes(16)
  bytes[0]! &= 0x7f
  return bytes
}
