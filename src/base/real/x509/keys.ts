import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto"
import { children, decode, nothing, objectIdentifier, sequence } from "./der.ts"

/**
 * An ECDSA P-256 key: made in a fraction of a millisecond, where a 2048-bit RSA key takes 50 to 300 ms, and every
 * Kubernetes client understands it.
 */
export function generateKey(): KeyObject {
  return generateKeyPairSync("ec", { namedCurve: "prime256v1" }).privateKey
}

/** The subjectPublicKeyInfo of a private or public key. */
export function publicKeyInfo(key: KeyObject): Uint8Array {
  const publicKey = key.type === "private" ? createPublicKey(key) : key
  return new Uint8Array(publicKey.export({ type: "spki", format: "der" }))
}

/** "EC PRIVATE KEY" or "RSA PRIVATE KEY" in PEM, as kubeadm writes them. */
export function privateKeyPem(key: KeyObject): string {
  const type = key.asymmetricKeyType === "rsa" ? "pkcs1" : "sec1"
  return key.export({ type, format: "pem" }) as string
}

const ecdsaWithSha256 = "1.2.840.10045.4.3.2"
const rsaWithSha256 = "1.2.840.113549.1.1.11"
const ed25519 = "1.3.101.112"

/** The AlgorithmIdentifier under which `signWith` signs. */
export function signatureAlgorithm(key: KeyObject): Uint8Array {
  if (key.asymmetricKeyType === "ed25519") return sequence(objectIdentifier(ed25519))
  return key.asymmetricKeyType === "rsa"
    ? sequence(objectIdentifier(rsaWithSha256), nothing())
    : sequence(objectIdentifier(ecdsaWithSha256))
}

export function signWith(key: KeyObject, data: Uint8Array): Uint8Array {
  // Ed25519 hashes by itself.
  const hash = key.asymmetricKeyType === "ed25519" ? null : "sha256"
  return new Uint8Array(sign(hash, data, key))
}

/** The public key's own bits, over which key identifiers are hashed (RFC 5280 4.2.1.2). */
export function publicKeyBits(spki: Uint8Array): Uint8Array {
  const bits = children(decode(spki))[1]
  if (!bits) throw new Error("the public key has no key bits")
  return bits.content.subarray(1)
}
