import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto"
import { CredentialError } from "../authenticator.ts"
import type { JsonWebKey, TokenClaims, TokenKeys } from "../token-claims.ts"

/*
 * JSON Web Signatures (RFC 7515) over node:crypto. The jose library does this through WebCrypto, several times slower per
 * token and at the price of loading it before the first pod can start; all that is needed of it is below.
 */

interface Algorithm {
  readonly name: string
  readonly hash: string
}

const ecdsa: Readonly<Record<string, Algorithm>> = {
  prime256v1: { name: "ES256", hash: "sha256" },
  secp384r1: { name: "ES384", hash: "sha384" },
  secp521r1: { name: "ES512", hash: "sha512" },
}

interface VerifyingKey {
  readonly key: KeyObject
  readonly algorithm: Algorithm
  readonly id: string
}

/**
 * `privateKeyPem` signs; tokens of it and of `olderPublicKeysPem` are accepted, so that a new key can take over while
 * tokens of the old one still live.
 */
export function tokenKeys(privateKeyPem: string, olderPublicKeysPem: readonly string[] = []): TokenKeys {
  const privateKey = createPrivateKey(privateKeyPem)
  const keys = [createPublicKey(privateKey), ...olderPublicKeysPem.map((pem) => createPublicKey(pem))].map(
    verifyingKey,
  )
  const signing = keys[0]!
  const header = encodePart({ alg: signing.algorithm.name, kid: signing.id })
  return {
    sign(claims) {
      const signed = `${header}.${encodePart(claims)}`
      const signature = sign(signing.algorithm.hash, Buffer.from(signed), {
        key: privateKey,
        dsaEncoding: "ieee-p1363",
      })
      return `${signed}.${signature.toString("base64url")}`
    },
    verify: (token) => verifyToken(token, keys),
    publicKeys: keys.map(publicJsonWebKey),
  }
}

function verifyToken(token: string, keys: readonly VerifyingKey[]): TokenClaims {
  const [header = "", payload = "", signature = ""] = token.split(".")
  const { alg, kid } = decodePart(header) as { alg?: unknown; kid?: unknown }
  const candidates = kid ? keys.filter(({ id }) => id === kid) : keys
  if (candidates.length === 0) throw new CredentialError("invalid signature, no keys found")
  const signed = Buffer.from(`${header}.${payload}`)
  const signatureBytes = Buffer.from(signature, "base64url")
  const isRight = candidates.some(
    // The key decides which algorithm is right, never the token.
    ({ key, algorithm }) =>
      algorithm.name === alg &&
      verify(algorithm.hash, signed, { key, dsaEncoding: "ieee-p1363" }, signatureBytes),
  )
  if (!isRight) throw new CredentialError("go-jose/go-jose: error in cryptographic primitive")
  return decodePart(payload) as TokenClaims
}

function verifyingKey(key: KeyObject): VerifyingKey {
  const spki = key.export({ type: "spki", format: "der" })
  const id = createHash("sha256").update(spki).digest("base64url")
  return { key, algorithm: algorithmOf(key), id }
}

function algorithmOf(key: KeyObject): Algorithm {
  if (key.asymmetricKeyType === "rsa") return { name: "RS256", hash: "sha256" }
  const algorithm = ecdsa[key.asymmetricKeyDetails?.namedCurve ?? ""]
  if (!algorithm)
    throw new Error("a key for ServiceAccount tokens must be RSA, or ECDSA on P-256, P-384 or P-521")
  return algorithm
}

function publicJsonWebKey({ key, algorithm, id }: VerifyingKey): JsonWebKey {
  return { use: "sig", ...key.export({ format: "jwk" }), kid: id, alg: algorithm.name } as JsonWebKey
}

function encodePart(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url")
}

function decodePart(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, "base64url").toString("utf8"))
  } catch {
    throw new CredentialError("the token is not a JSON Web Token")
  }
}
