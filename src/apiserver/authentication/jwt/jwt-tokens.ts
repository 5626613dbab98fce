import { quote } from "../../../base/quote.ts"
import type { Clock } from "../../../base/clock.ts"
import { type Authentication, CredentialError, type TokenAuthenticator } from "../authenticator.ts"
import type { JwtAuthenticator } from "../configuration.ts"
import { type JsonWebKey, readClaims } from "../token-claims.ts"
import type { Claims } from "./claim-expressions.ts"
import { type FetchDocument, IssuerKeys } from "./issuer-keys.ts"
import { mapClaims } from "./map-claims.ts"
import { forAnyAudience } from "../static-tokens.ts"

/** Whether one of the keys has signed the token; real/verify-signature.ts. */
export type VerifySignature = (token: string, keys: readonly JsonWebKey[]) => boolean

export interface JwtTokensOptions {
  readonly configuration: JwtAuthenticator
  readonly fetch: FetchDocument
  readonly verifySignature: VerifySignature
  /** The API server's own audiences: a token is good for these, whatever it says of itself. */
  readonly ownAudiences: readonly string[]
  readonly clock: Clock
}

/** What clocks may differ by: upstream's verifier takes a token up to this long before its time. */
const leewayMs = 5 * 60_000

/** Tokens of somebody else, who is trusted to say who people are: OpenID Connect and its like. */
export class JwtTokens implements TokenAuthenticator {
  readonly #options: JwtTokensOptions
  readonly #issuer: string
  readonly #keys: IssuerKeys

  constructor(options: JwtTokensOptions) {
    this.#options = options
    const { url = "", discoveryURL, certificateAuthority } = options.configuration.issuer ?? {}
    this.#issuer = url
    this.#keys = new IssuerKeys({
      issuer: url,
      discoveryUrl: discoveryURL,
      certificateAuthority,
      fetch: options.fetch,
      clock: options.clock,
    })
  }

  async authenticateToken(token: string, audiences: readonly string[]): Promise<Authentication | undefined> {
    const claims = readClaims(token)
    if (claims?.iss !== this.#issuer) return undefined
    try {
      await this.#verify(token)
      this.#checkClaims(claims as unknown as Claims)
      const user = mapClaims(this.#options.configuration, claims as unknown as Claims)
      return forAnyAudience(user, audiences, this.#options.ownAudiences)
    } catch (error) {
      throw new CredentialError((error as Error).message, { cause: error })
    }
  }

  async #verify(token: string): Promise<void> {
    let keys: readonly JsonWebKey[]
    try {
      keys = await this.#keys.find(keyIdOf(token))
    } catch (error) {
      throw new Error(
        `oidc: verify token: failed to verify signature: fetching keys ${(error as Error).message}`,
        { cause: error },
      )
    }
    if (!this.#options.verifySignature(token, keys))
      throw new Error("oidc: verify token: failed to verify signature: failed to verify id token signature")
  }

  #checkClaims({ aud, exp, nbf }: Claims): void {
    const { audiences: wanted = [] } = this.#options.configuration.issuer ?? {}
    const told = [aud].flat().filter((each) => typeof each === "string")
    if (!told.some((each) => wanted.includes(each))) {
      const list = (names: readonly string[]) => `[${names.map(quote).join(" ")}]`
      throw new Error(
        `oidc: verify token: oidc: expected audience in ${list([...wanted].sort())} got ${list(told)}`,
      )
    }
    const now = this.#options.clock.now()
    if (typeof exp !== "number" || exp * 1000 <= now) {
      const when = typeof exp === "number" ? new Date(exp * 1000).toISOString() : "none"
      throw new Error(`oidc: verify token: oidc: token is expired (Token Expiry: ${when})`)
    }
    if (typeof nbf === "number" && now + leewayMs < nbf * 1000)
      throw new Error("oidc: verify token: oidc: current time is before the nbf (not before) time")
  }
}

function keyIdOf(token: string): string | undefined {
  try {
    const header = token.split(".")[0]!.replaceAll("-", "+").replaceAll("_", "/")
    const { kid } = JSON.parse(atob(header)) as { kid?: unknown }
    return typeof kid === "string" ? kid : undefined
  } catch {
    return undefined
  }
}
