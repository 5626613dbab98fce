/** The claims of a ServiceAccount's token (https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/). */
export interface TokenClaims {
  readonly iss: string
  readonly sub: string
  readonly aud?: readonly string[] | string
  /** Seconds since the epoch, as all times in a token. */
  readonly exp?: number
  readonly nbf?: number
  readonly iat?: number
  /** The token's own id; audit knows it as `JTI=...`. */
  readonly jti?: string
  readonly "kubernetes.io"?: {
    readonly namespace: string
    readonly serviceaccount: ObjectClaim
    /** At most one of pod and secret; a pod's token may also tell its node. */
    readonly pod?: ObjectClaim
    readonly secret?: ObjectClaim
    readonly node?: Partial<ObjectClaim> & { readonly name: string }
    readonly warnafter?: number
  }
}

export interface ObjectClaim {
  readonly name: string
  readonly uid: string
}

/** Where the cryptography is: real/token-keys.ts. */
export interface TokenKeys {
  /** Signs with the newest key. */
  sign(claims: object): string
  /** The claims, once the signature of one of the keys is found right; throws CredentialError otherwise. */
  verify(token: string): TokenClaims
  /** The public keys as a JSON Web Key Set lists them. */
  readonly publicKeys: readonly JsonWebKey[]
}

export interface JsonWebKey {
  readonly use: "sig"
  readonly kty: string
  readonly kid: string
  readonly alg: string
  readonly [parameter: string]: unknown
}

/** The claims as the token tells them, unverified; undefined when it is not a JSON Web Token. */
export function readClaims(token: string): TokenClaims | undefined {
  const [, payload, signature, ...more] = token.split(".")
  if (!payload || !signature || more.length > 0) return undefined
  try {
    const bytes = Uint8Array.from(atob(payload.replaceAll("-", "+").replaceAll("_", "/")), (character) =>
      character.charCodeAt(0),
    )
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return typeof claims === "object" && claims !== null ? (claims as TokenClaims) : undefined
  } catch {
    return undefined
  }
}
