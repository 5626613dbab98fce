import { createPublicKey, type KeyObject, verify } from "node:crypto"
import {
  bitString,
  children,
  decode,
  integer,
  objectIdentifier,
  readObjectIdentifier,
  sequence,
  set,
  tagged,
} from "./der.ts"
import { decodeExtensions, extension, extensionTypes, type Extensions } from "./certificate.ts"
import { publicKeyInfo, signatureAlgorithm, signWith } from "./keys.ts"
import {
  type AlternativeNames,
  decodeName,
  type DistinguishedName,
  encodeAlternativeNames,
  encodeName,
} from "./names.ts"

/* PKCS #10 certificate requests (RFC 2986), which CertificateSigningRequest objects carry. */

const extensionRequest = "1.2.840.113549.1.9.14"

/** Gives the request in DER, signed by the key that it is for. */
export function signCertificateRequest(
  request: { readonly subject: DistinguishedName; readonly alternativeNames?: AlternativeNames },
  key: KeyObject,
): Uint8Array {
  const names = encodeAlternativeNames(request.alternativeNames ?? {})
  const attributes =
    names.length > 2
      ? [
          sequence(
            objectIdentifier(extensionRequest),
            set(sequence(extension(extensionTypes.subjectAlternativeName, false, names))),
          ),
        ]
      : []
  const body = sequence(
    integer(Uint8Array.of(0)),
    encodeName(request.subject),
    publicKeyInfo(key),
    tagged(0, ...attributes),
  )
  return sequence(body, signatureAlgorithm(key), bitString(signWith(key, body)))
}

export interface CertificateRequest {
  readonly subject: DistinguishedName
  /** subjectPublicKeyInfo */
  readonly publicKey: Uint8Array
  readonly extensions: Extensions
}

const hashes: Readonly<Record<string, string>> = {
  "1.2.840.10045.4.3.2": "sha256",
  "1.2.840.10045.4.3.3": "sha384",
  "1.2.840.10045.4.3.4": "sha512",
  "1.2.840.113549.1.1.11": "sha256",
  "1.2.840.113549.1.1.12": "sha384",
  "1.2.840.113549.1.1.13": "sha512",
}

/** Reads a request in DER. Throws when it is malformed or not signed by the key that it names. */
export function decodeCertificateRequest(der: Uint8Array): CertificateRequest {
  const [body, algorithm, signature] = children(decode(der))
  if (!body || !algorithm || !signature) throw new Error("the certificate request is incomplete")
  const [, subject, publicKey, attributes] = children(body)
  if (!subject || !publicKey) throw new Error("the certificate request is incomplete")

  const key = createPublicKey({ key: Buffer.from(publicKey.bytes), format: "der", type: "spki" })
  const dotted = readObjectIdentifier(children(algorithm)[0]!)
  // Ed25519 has no hash of its own.
  const hash = hashes[dotted] ?? null
  if (!verify(hash, body.bytes, key, signature.content.subarray(1)))
    throw new Error("the certificate request is not signed by its own key")

  const requested = (attributes ? children(attributes) : [])
    .map(children)
    .find(([type]) => type && readObjectIdentifier(type) === extensionRequest)?.[1]
  return {
    subject: decodeName(subject),
    publicKey: publicKey.bytes,
    extensions: decodeExtensions(requested && children(requested)[0]),
  }
}
