import { constants, createPublicKey, type KeyObject, verify } from "node:crypto"
import { children, decode, readObjectIdentifier } from "./der.ts"

/* Whether somebody has the key that a certificate is to be for, and what is wrong with the proof, in the words of Go's crypto/x509. */

const hashes: Readonly<Record<string, string | null>> = {
  "1.2.840.10045.4.1": "sha1",
  "1.2.840.10045.4.3.2": "sha256",
  "1.2.840.10045.4.3.3": "sha384",
  "1.2.840.10045.4.3.4": "sha512",
  "1.2.840.113549.1.1.5": "sha1",
  "1.2.840.113549.1.1.11": "sha256",
  "1.2.840.113549.1.1.12": "sha384",
  "1.2.840.113549.1.1.13": "sha512",
  // Ed25519 has no hash of its own.
  "1.3.101.112": null,
}

const failures: Readonly<Record<string, string>> = {
  ec: "x509: ECDSA verification failure",
  rsa: "crypto/rsa: verification error",
  ed25519: "x509: Ed25519 verification failure",
}
const unimplemented = "x509: cannot verify signature: algorithm unimplemented"

/** Of a PKCS #10 request in DER, which its own key must have signed. Undefined: it has, or it is no request at all. */
export function requestSignatureProblem(der: Uint8Array): string | undefined {
  const parts = readParts(der)
  if (!parts) return undefined
  const { body, key, algorithm, signature } = parts
  const hash = hashes[algorithm]
  if (hash === undefined || !key) return unimplemented
  return isSigned(hash, body, key, signature)
    ? undefined
    : (failures[key.asymmetricKeyType ?? ""] ?? unimplemented)
}

/**
 * Of a signature over `text`: by Ed25519, by ECDSA over SHA-256 in ASN.1, or by RSA-PSS over SHA-256.
 *
 * @param keyInfo subjectPublicKeyInfo
 */
export function isProvenBy(keyInfo: Uint8Array, text: Uint8Array, proof: Uint8Array): boolean {
  const key = readKey(keyInfo)
  switch (key?.asymmetricKeyType) {
    case "ed25519":
      return isSigned(null, text, key, proof)
    case "ec":
      return isSigned("sha256", text, key, proof)
    case "rsa":
      return verify(
        "sha256",
        text,
        { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO },
        proof,
      )
    default:
      return false
  }
}

function readParts(der: Uint8Array) {
  try {
    const [body, algorithm, signature] = children(decode(der))
    const [, , keyInfo] = children(body!)
    return {
      body: body!.bytes,
      key: readKey(keyInfo!.bytes),
      algorithm: readObjectIdentifier(children(algorithm!)[0]!),
      signature: signature!.content.subarray(1),
    }
  } catch {
    return undefined
  }
}

function readKey(keyInfo: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(keyInfo), format: "der", type: "spki" })
  } catch {
    return undefined
  }
}

function isSigned(hash: string | null, bytes: Uint8Array, key: KeyObject, signature: Uint8Array): boolean {
  try {
    return verify(hash, bytes, key, signature)
  } catch {
    return false
  }
}
