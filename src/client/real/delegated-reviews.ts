import type { IncomingMessage } from "node:http"
import type { TLSSocket } from "node:tls"
import { TokenReview } from "../../api/authentication/v1/token-review.ts"
import { SubjectAccessReview } from "../../api/authorization/v1/subject-access-review.ts"
import type { Clock } from "../../base/clock.ts"
import type { Client } from "../client.ts"
import { ExpiringCache } from "../expiring-cache.ts"

export interface Caller {
  readonly name: string
  readonly groups: readonly string[]
  readonly uid?: string
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

/** What is asked for: one of the two. */
export type AskedFor = Pick<SubjectAccessReview["spec"], "resourceAttributes" | "nonResourceAttributes">

export interface DelegatedReviewsOptions {
  readonly client: Client
  readonly clock: Clock
  /** How long an answer of the API server counts. */
  readonly remember: { readonly tokensMs: number; readonly allowedMs: number; readonly deniedMs: number }
}

const maxRemembered = 1000

/**
 * For components that serve others: the API server says whose a token is and what they may, by TokenReview and
 * SubjectAccessReview; certificates of the cluster's authority are believed as they are
 * (https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access).
 */
export class DelegatedReviews {
  readonly #options: DelegatedReviewsOptions
  /** Null: the token is nobody's. */
  readonly #callers: ExpiringCache<Caller | null>
  readonly #verdicts: ExpiringCache<boolean>

  constructor(options: DelegatedReviewsOptions) {
    this.#options = options
    this.#callers = new ExpiringCache(options.clock, maxRemembered)
    this.#verdicts = new ExpiringCache(options.clock, maxRemembered)
  }

  /**
   * Who asks, by certificate or token; `anonymous` where there is neither. Undefined: it is not said, or the token is nobody's.
   */
  async callerOf(request: IncomingMessage, anonymous?: Caller): Promise<Caller | undefined> {
    const known = callerOfCertificate(request.socket as TLSSocket)
    if (known) return known
    const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1]
    return token === undefined ? anonymous : this.#callerOfToken(token)
  }

  async isAllowed({ name, groups, uid, extra }: Caller, asked: AskedFor): Promise<boolean> {
    const { client, remember } = this.#options
    const key = JSON.stringify([name, groups, uid, extra, asked])
    const known = this.#verdicts.find(key)
    if (known !== undefined) return known
    const spec = {
      user: name,
      groups: [...groups],
      ...(uid && { uid }),
      ...(extra && {
        extra: Object.fromEntries(Object.entries(extra).map(([each, values]) => [each, [...values]])),
      }),
      ...asked,
    }
    const { status } = await client.create(SubjectAccessReview, { spec })
    const allowed = status?.allowed ?? false
    this.#verdicts.set(key, allowed, allowed ? remember.allowedMs : remember.deniedMs)
    return allowed
  }

  async #callerOfToken(token: string): Promise<Caller | undefined> {
    const { client, remember } = this.#options
    const known = this.#callers.find(token)
    if (known !== undefined) return known ?? undefined
    const { status } = await client.create(TokenReview, { spec: { token } })
    const { username = "", groups = [], uid, extra } = status?.user ?? {}
    const caller = status?.authenticated
      ? { name: username, groups, ...(uid && { uid }), ...(extra && { extra }) }
      : undefined
    this.#callers.set(token, caller ?? null, remember.tokensMs)
    return caller
  }
}

/** Undefined: the connection has no certificate of the cluster's authority. */
export function callerOfCertificate(socket: TLSSocket): Caller | undefined {
  if (!socket.authorized) return undefined
  const subject = socket.getPeerCertificate?.()?.subject as unknown as
    | { CN?: string; O?: string | string[] }
    | undefined
  if (!subject?.CN) return undefined
  const groups = subject.O === undefined ? [] : [subject.O].flat()
  return { name: subject.CN, groups: [...groups, "system:authenticated"] }
}
