import {
  constants,
  createPublicKey,
  type JsonWebKey as NodeKey,
  verify,
  type VerifyKeyObjectInput,
} from "node:crypto"
import type { VerifySignature } from "../jwt/jwt-tokens.ts"

/** RFC 7518: what a key of this type may be used with. Symmetric algorithms and "none" are not among them. */
const algorithms: Readonly<
  Record<
    string,
    { readonly keyType: string; readonly hash: string; readonly options: Partial<VerifyKeyObjectInput> }
  >
> = Object.fromEntries(
  ["256", "384", "512"].flatMap((bits) => {
    const hash = `sha${bits}`
    const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: Number(bits) / 8 }
    return [
      [`RS${bits}`, { keyType: "RSA", hash, options: {} }],
      [`PS${bits}`, { keyType: "RSA", hash, options: pss }],
      [`ES${bits}`, { keyType: "EC", hash, options: { dsaEncoding: "ieee-p1363" as const } }],
    ]
  }),
)

/** Over node:crypto, as for our own tokens. The token names the algorithm; the key must be one for it. */
export const verifySignature: VerifySignature = (token, keys) => {
  const [header = "", payload = "", signature = ""] = token.split(".")
  const { alg = "" } = JSON.parse(Buffer.from(header, "base64url").toString("utf8")) as { alg?: string }
  const algorithm = Object.hasOwn(algorithms, alg) ? algorithms[alg] : undefined
  if (!algorithm) return false
  const signed = Buffer.from(`${header}.${payload}`)
  return keys.some((jwk) => {
    if (jwk.kty !== algorithm.keyType || (jwk.alg !== undefined && jwk.alg !== alg)) return false
    try {
      const key = createPublicKey({ key: jwk as NodeKey, format: "jwk" })
      return verify(
        algorithm.hash,
        signed,
        { key, ...algorithm.options },
        Buffer.from(signature, "base64url"),
      )
    } catch {
      return false
    }
  })
}
