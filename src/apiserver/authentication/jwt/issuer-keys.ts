import type { Clock } from "../../../base/clock.ts"
import type { JsonWebKey } from "../token-claims.ts"

/** Gets a document of an issuer over HTTPS. Rejects when there is none. */
export type FetchDocument = (url: string, certificateAuthority: string | undefined) => Promise<unknown>

/** An issuer that has just been asked is not asked again for unknown keys: strangers must not make us hammer it. */
const refetchAfterMs = 10_000

/** The public keys of one issuer, by OpenID Connect Discovery. Asked for when first needed, and when a key is not known. */
export class IssuerKeys {
  readonly #options: {
    readonly issuer: string
    readonly discoveryUrl: string | undefined
    readonly certificateAuthority: string | undefined
    readonly fetch: FetchDocument
    readonly clock: Clock
  }
  #keysUrl: string | undefined
  #keys: readonly JsonWebKey[] = []
  #fetchedAtMs = -Infinity
  #fetching: Promise<void> | undefined

  constructor(options: {
    issuer: string
    discoveryUrl: string | undefined
    certificateAuthority: string | undefined
    fetch: FetchDocument
    clock: Clock
  }) {
    this.#options = options
  }

  /** The keys that may have signed: that of this id, or all where the token names none. Rejects when nobody can be asked. */
  async find(id: string | undefined): Promise<readonly JsonWebKey[]> {
    const known = this.#matching(id)
    if (known.length > 0) return known
    const isDue = this.#options.clock.monotonic() - this.#fetchedAtMs >= refetchAfterMs
    if (isDue) await (this.#fetching ??= this.#fetch().finally(() => (this.#fetching = undefined)))
    return this.#matching(id)
  }

  #matching(id: string | undefined): readonly JsonWebKey[] {
    return id === undefined ? this.#keys : this.#keys.filter(({ kid }) => kid === id)
  }

  async #fetch(): Promise<void> {
    const { fetch, certificateAuthority, clock } = this.#options
    this.#fetchedAtMs = clock.monotonic()
    this.#keysUrl ??= await this.#discover()
    const { keys } = (await fetch(this.#keysUrl, certificateAuthority)) as { keys?: readonly JsonWebKey[] }
    if (!Array.isArray(keys)) throw new Error(`${this.#keysUrl} has no keys`)
    this.#keys = keys.filter(({ use }) => use === undefined || use === "sig")
  }

  async #discover(): Promise<string> {
    const { issuer, discoveryUrl, certificateAuthority, fetch } = this.#options
    const url = discoveryUrl ?? `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`
    const document = (await fetch(url, certificateAuthority)) as { issuer?: unknown; jwks_uri?: unknown }
    if (document.issuer !== issuer)
      throw new Error(
        `oidc: issuer did not match the issuer returned by provider, expected ${JSON.stringify(issuer)} got ${JSON.stringify(document.issuer)}`,
      )
    if (typeof document.jwks_uri !== "string") throw new Error("provider did not return JWKS URL")
    if (!document.jwks_uri.startsWith("https://")) throw new Error("the JWKS URL must be https")
    return document.jwks_uri
  }
}
