import type { IncomingMessage } from "node:http"
import type { TLSSocket } from "node:tls"
import { TokenReview } from "../../api/authentication/v1/token-review.ts"
import { SubjectAccessReview } from "../../api/authorization/v1/subject-access-review.ts"
import { StatusError } from "../../apimachinery/status-error.ts"
import type { Clock } from "../../base/clock.ts"
import type { Client } from "../../client/client.ts"

interface Caller {
  readonly name: string
  readonly groups: readonly string[]
}

const anonymous: Caller = { name: "system:anonymous", groups: ["system:unauthenticated"] }
/** Probes must work without any rights. */
const alwaysAllowed = new Set(["/healthz", "/livez", "/readyz"])
/** As long an answer of the API server counts. */
const rememberMs = 10_000
const maxRemembered = 1000

/**
 * Who may read what a component tells of itself: the API server decides, by TokenReview and SubjectAccessReview for the
 * path; certificates of the cluster's authority are believed as they are
 * (https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access).
 */
export class DelegatedAccess {
  readonly #client: Client
  readonly #clock: Clock
  readonly #callers = new Map<string, { readonly caller: Caller | undefined; readonly untilMs: number }>()
  readonly #verdicts = new Map<string, { readonly allowed: boolean; readonly untilMs: number }>()

  constructor({ client, clock }: { readonly client: Client; readonly clock: Clock }) {
    this.#client = client
    this.#clock = clock
  }

  /** Throws a StatusError for those who may not. */
  async check(request: IncomingMessage, path: string): Promise<void> {
    if (alwaysAllowed.has(path)) return
    const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1]
    const caller =
      callerOfCertificate(request.socket as TLSSocket) ?? (token ? await this.#callerOf(token) : anonymous)
    if (!caller) throw new StatusError("Unauthorized", "Unauthorized")
    const verb = (request.method ?? "GET").toLowerCase()
    if (await this.#mayRead(caller, verb, path)) return
    throw new StatusError(
      "Forbidden",
      `forbidden: User ${JSON.stringify(caller.name)} cannot ${verb} path ${JSON.stringify(path)}`,
      {
        details: {},
      },
    )
  }

  async #callerOf(token: string): Promise<Caller | undefined> {
    const now = this.#clock.monotonic()
    const known = this.#callers.get(token)
    if (known && now < known.untilMs) return known.caller
    const { status } = await this.#client.create(TokenReview, { spec: { token } })
    const { username = "", groups = [] } = status?.user ?? {}
    const caller = status?.authenticated ? { name: username, groups } : undefined
    remember(this.#callers, token, { caller, untilMs: now + rememberMs })
    return caller
  }

  async #mayRead({ name, groups }: Caller, verb: string, path: string): Promise<boolean> {
    const now = this.#clock.monotonic()
    const key = JSON.stringify([name, groups, verb, path])
    const known = this.#verdicts.get(key)
    if (known && now < known.untilMs) return known.allowed
    const spec = { user: name, groups: [...groups], nonResourceAttributes: { verb, path } }
    const { status } = await this.#client.create(SubjectAccessReview, { spec })
    const allowed = status?.allowed ?? false
    remember(this.#verdicts, key, { allowed, untilMs: now + rememberMs })
    return allowed
  }
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  // The oldest goes: a map keeps the order in which keys came.
  if (map.size >= maxRemembered) map.delete(map.keys().next().value!)
  map.set(key, value)
}

function callerOfCertificate(socket: TLSSocket): Caller | undefined {
  if (!socket.authorized) return undefined
  const subject = socket.getPeerCertificate?.()?.subject as unknown as
    | { CN?: string; O?: string | string[] }
    | undefined
  if (!subject?.CN) return undefined
  const groups = subject.O === undefined ? [] : [subject.O].flat()
  return { name: subject.CN, groups: [...groups, "system:authenticated"] }
}
