import { createHash, type KeyObject } from "node:crypto"
import {
  bitString,
  boolean,
  children,
  decode,
  type DerValue,
  integer,
  objectIdentifier,
  octetString,
  readObjectIdentifier,
  readTimestamp,
  sequence,
  tagged,
  taggedBytes,
  tags,
  timestamp,
} from "./der.ts"
import { publicKeyBits, signatureAlgorithm, signWith } from "./keys.ts"
import {
  type AlternativeNames,
  decodeAlternativeNames,
  decodeName,
  type DistinguishedName,
  encodeAlternativeNames,
  encodeName,
} from "./names.ts"

/*
 * X.509 certificates (RFC 5280), written and read: as much as a Kubernetes cluster needs. The library on the registry
 * takes 130 to 160 ms to load, which is a third of the time in which a whole cluster starts here.
 */

/** In the order of their bits in the KeyUsage extension. */
export const keyUsages = [
  "digital signature",
  "content commitment",
  "key encipherment",
  "data encipherment",
  "key agreement",
  "cert sign",
  "crl sign",
  "encipher only",
  "decipher only",
] as const
export type KeyUsage = (typeof keyUsages)[number]

export const extendedKeyUsages = {
  any: "2.5.29.37.0",
  "server auth": "1.3.6.1.5.5.7.3.1",
  "client auth": "1.3.6.1.5.5.7.3.2",
  "code signing": "1.3.6.1.5.5.7.3.3",
  "email protection": "1.3.6.1.5.5.7.3.4",
  timestamping: "1.3.6.1.5.5.7.3.8",
  "ocsp signing": "1.3.6.1.5.5.7.3.9",
} as const
export type ExtendedKeyUsage = keyof typeof extendedKeyUsages

export const extensionTypes = {
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAlternativeName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKeyIdentifier: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
} as const

export interface CertificateTemplate {
  readonly subject: DistinguishedName
  readonly alternativeNames?: AlternativeNames
  /** May sign other certificates. @default false */
  readonly authority?: boolean
  readonly keyUsage: readonly KeyUsage[]
  readonly extendedKeyUsage?: readonly ExtendedKeyUsage[]
  /** Milliseconds since the epoch; kept to the second. */
  readonly notBefore: number
  readonly notAfter: number
  /** Up to 20 random bytes. */
  readonly serialNumber: Uint8Array
  /** subjectPublicKeyInfo */
  readonly publicKey: Uint8Array
}

export interface Issuer {
  /** The issuer's own certificate; absent for a self-signed one. */
  readonly certificate?: Uint8Array
  readonly key: KeyObject
}

/** Gives the signed certificate in DER. */
export function signCertificate(template: CertificateTemplate, issuer: Issuer): Uint8Array {
  const parent = issuer.certificate && decodeCertificate(issuer.certificate)
  const algorithm = signatureAlgorithm(issuer.key)
  const body = sequence(
    tagged(0, integer(Uint8Array.of(2))), // version 3
    integer(template.serialNumber),
    algorithm,
    parent?.subjectBytes ?? encodeName(template.subject),
    sequence(timestamp(template.notBefore), timestamp(template.notAfter)),
    encodeName(template.subject),
    template.publicKey,
    tagged(3, sequence(...extensionsOf(template, parent?.publicKey ?? template.publicKey))),
  )
  return sequence(body, algorithm, bitString(signWith(issuer.key, body)))
}

function extensionsOf(template: CertificateTemplate, issuerPublicKey: Uint8Array): Uint8Array[] {
  const { authority = false, alternativeNames, extendedKeyUsage = [] } = template
  const out: Uint8Array[] = []
  // Without any usage the extension is left out: its bits may not be empty.
  if (template.keyUsage.length > 0)
    out.push(extension(extensionTypes.keyUsage, true, encodeKeyUsage(template.keyUsage)))
  if (extendedKeyUsage.length > 0) {
    const usages = extendedKeyUsage.map((usage) => objectIdentifier(extendedKeyUsages[usage]))
    out.push(extension(extensionTypes.extendedKeyUsage, false, sequence(...usages)))
  }
  out.push(extension(extensionTypes.basicConstraints, true, authority ? sequence(boolean(true)) : sequence()))
  if (authority)
    out.push(
      extension(extensionTypes.subjectKeyIdentifier, false, octetString(keyIdentifier(template.publicKey))),
    )
  out.push(
    extension(
      extensionTypes.authorityKeyIdentifier,
      false,
      sequence(taggedBytes(0, keyIdentifier(issuerPublicKey))),
    ),
  )
  const names = encodeAlternativeNames(alternativeNames ?? {})
  if (names.length > 2)
    out.push(extension(extensionTypes.subjectAlternativeName, template.subject.commonName === "", names))
  return out
}

export function extension(type: string, critical: boolean, value: Uint8Array): Uint8Array {
  return critical
    ? sequence(objectIdentifier(type), boolean(true), octetString(value))
    : sequence(objectIdentifier(type), octetString(value))
}

function keyIdentifier(spki: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha1").update(publicKeyBits(spki)).digest())
}

function encodeKeyUsage(usages: readonly KeyUsage[]): Uint8Array {
  const numbers = usages.map((usage) => keyUsages.indexOf(usage))
  const bytes = new Uint8Array(Math.floor(Math.max(...numbers) / 8) + 1)
  for (const number of numbers) bytes[number >> 3]! |= 0x80 >> (number & 7)
  const last = bytes.at(-1)!
  // DER drops trailing zero bits.
  return bitString(bytes, Math.clz32(last & -last) === 32 ? 0 : 31 - Math.clz32(last & -last))
}

/** What of a certificate the cluster looks at. */
export interface Certificate {
  readonly subject: DistinguishedName
  readonly subjectBytes: Uint8Array
  readonly issuerBytes: Uint8Array
  readonly serialNumber: Uint8Array
  readonly notBefore: number
  readonly notAfter: number
  /** subjectPublicKeyInfo */
  readonly publicKey: Uint8Array
  readonly extensions: Extensions
}

export interface Extensions {
  readonly authority: boolean
  readonly keyUsage: readonly KeyUsage[]
  /** As object identifiers: there may be unknown ones. Undefined: the certificate does not restrict its use. */
  readonly extendedKeyUsage: readonly string[] | undefined
  readonly alternativeNames: Required<AlternativeNames>
}

/** Reads a certificate in DER; its signature is not checked. Throws when it is malformed. */
export function decodeCertificate(der: Uint8Array): Certificate {
  const [body] = children(decode(der))
  if (!body) throw new Error("the certificate is empty")
  const fields = children(body)
  if (fields[0]?.tag === 0xa0) fields.shift()
  const [serial, , issuer, validity, subject, publicKey, ...rest] = fields
  if (!serial || !issuer || !validity || !subject || !publicKey)
    throw new Error("the certificate is incomplete")
  const [notBefore, notAfter] = children(validity)
  if (!notBefore || !notAfter) throw new Error("the certificate has no validity")
  const extensions = rest.find(({ tag }) => tag === 0xa3)
  return {
    subject: decodeName(subject),
    subjectBytes: subject.bytes,
    issuerBytes: issuer.bytes,
    serialNumber: serial.content,
    notBefore: readTimestamp(notBefore),
    notAfter: readTimestamp(notAfter),
    publicKey: publicKey.bytes,
    extensions: decodeExtensions(extensions && children(extensions)[0]),
  }
}

/** `extensions`: the SEQUENCE of them, of a certificate or a certificate request. */
export function decodeExtensions(extensions: DerValue | undefined): Extensions {
  let authority = false
  let keyUsage: readonly KeyUsage[] = []
  let extendedKeyUsage: readonly string[] | undefined
  let alternativeNames: Required<AlternativeNames> = {
    dnsNames: [],
    ipAddresses: [],
    uris: [],
    emailAddresses: [],
  }
  for (const entry of extensions ? children(extensions) : []) {
    const parts = children(entry)
    const type = readObjectIdentifier(parts[0]!)
    const value = decode(parts.at(-1)!.content)
    if (type === extensionTypes.basicConstraints) {
      const [first] = children(value)
      authority = first?.tag === tags.boolean && first.content[0] !== 0
    } else if (type === extensionTypes.keyUsage) keyUsage = decodeKeyUsage(value.content)
    else if (type === extensionTypes.extendedKeyUsage)
      extendedKeyUsage = children(value).map(readObjectIdentifier)
    else if (type === extensionTypes.subjectAlternativeName) alternativeNames = decodeAlternativeNames(value)
  }
  return { authority, keyUsage, extendedKeyUsage, alternativeNames }
}

function decodeKeyUsage(content: Uint8Array): KeyUsage[] {
  return keyUsages.filter((_, number) => ((content[1 + (number >> 3)] ?? 0) >> (7 - (number & 7))) & 1)
}
