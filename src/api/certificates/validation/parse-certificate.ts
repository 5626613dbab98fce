import {
  children,
  decode,
  type DerValue,
  readObjectIdentifier,
  readTimestamp,
  tags,
} from "../../../base/real/x509/der.ts"

const basicConstraints = "2.5.29.19"

export interface ParsedCertificate {
  /** It may sign others. */
  readonly isAuthority: boolean
  /** Milliseconds since the epoch. */
  readonly notBefore: number
  readonly notAfter: number
  /** subjectPublicKeyInfo */
  readonly publicKey: Uint8Array
}

/** What a certificate says; its signature is not checked. Throws when it is malformed. */
export function parseCertificate(der: Uint8Array): ParsedCertificate {
  const [body] = fieldsOf(der, 3)
  const fields = children(body!)
  if (fields[0]?.tag === 0xa0) fields.shift()
  const [, , , validity, , publicKey] = fields
  const [notBefore, notAfter] = validity ? children(validity) : []
  if (!notBefore || !notAfter || !publicKey) throw new Error("x509: malformed tbs certificate")
  return {
    isAuthority: isAuthority(fields.find(({ tag }) => tag === 0xa3)),
    notBefore: readTimestamp(notBefore),
    notAfter: readTimestamp(notAfter),
    publicKey: publicKey.bytes,
  }
}

function isAuthority(extensions: DerValue | undefined): boolean {
  const constraint = extensions && children(children(extensions)[0]!).find(isBasicConstraints)
  const [authority] = constraint ? children(decode(children(constraint).at(-1)!.content)) : []
  return authority?.tag === tags.boolean && authority.content[0] !== 0
}

function isBasicConstraints(extension: DerValue): boolean {
  return readObjectIdentifier(children(extension)[0]!) === basicConstraints
}

/** A certificate request's public key (subjectPublicKeyInfo). Its signature is not checked. Throws when it is malformed. */
export function parseCertificateRequest(der: Uint8Array): { readonly publicKey: Uint8Array } {
  const [body] = fieldsOf(der, 3)
  const [, subject, publicKey] = children(body!)
  if (!subject || !publicKey) throw new Error("asn1: structure error: incomplete certificate request")
  return { publicKey: publicKey.bytes }
}

function fieldsOf(der: Uint8Array, count: number): DerValue[] {
  const fields = children(decode(der))
  if (fields.length !== count) throw new Error("asn1: structure error: sequence tag mismatch")
  return fields
}
