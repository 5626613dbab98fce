import type { TLSSocket } from "node:tls"
import type { IncomingMessage } from "node:http"
import { TokenReview } from "../../api/authentication/v1/token-review.ts"
import { SubjectAccessReview } from "../../api/authorization/v1/subject-access-review.ts"
import type { Clock } from "../../base/clock.ts"
import type { Client } from "../../client/client.ts"
import { HttpProblem } from "./http-problem.ts"

export interface Caller {
  readonly name: string
  readonly groups: readonly string[]
  readonly uid?: string
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

export interface AuthorizerOptions {
  readonly nodeName: string
  readonly client: Client
  readonly clock: Clock
}

const allowedMs = 300_000
const deniedMs = 30_000
const tokenMs = 120_000

/**
 * Whom the kubelet serves: those with a certificate of the cluster's authority or a token that the API server knows, if the
 * API server says that they may (`nodes/proxy`, `nodes/log`, ... of this node). Answers are remembered for a while.
 */
export class RequestAuthorizer {
  readonly #options: AuthorizerOptions
  readonly #verdicts = new Map<string, { readonly allowed: boolean; readonly untilMs: number }>()
  readonly #callers = new Map<string, { readonly caller: Caller | undefined; readonly untilMs: number }>()

  constructor(options: AuthorizerOptions) {
    this.#options = options
  }

  /** Throws HttpProblem for those who may not. */
  async check(request: IncomingMessage, path: string): Promise<void> {
    const caller = callerOfCertificate(request.socket as TLSSocket) ?? (await this.#callerOfToken(request))
    if (!caller) throw new HttpProblem(401, "Unauthorized")
    const verb = verbs[request.method ?? "GET"] ?? "get"
    const subresources = subresourcesOf(path)
    for (const subresource of subresources) if (await this.#isAllowed(caller, verb, subresource)) return
    const asked = `resource=nodes, subresource(s)=[${subresources.join(" ")}]`
    throw new HttpProblem(403, `Forbidden (user=${caller.name}, verb=${verb}, ${asked})`)
  }

  async #callerOfToken({ headers }: IncomingMessage): Promise<Caller | undefined> {
    const token = /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1]
    if (!token) return undefined
    const { client, clock } = this.#options
    const known = this.#callers.get(token)
    if (known && clock.now() < known.untilMs) return known.caller
    const { status } = await client.create(TokenReview, { spec: { token } })
    const { username = "", groups = [], uid, extra } = status?.user ?? {}
    const caller = status?.authenticated
      ? { name: username, groups, ...(uid && { uid }), ...(extra && { extra }) }
      : undefined
    remember(this.#callers, token, { caller, untilMs: clock.now() + tokenMs })
    return caller
  }

  async #isAllowed(caller: Caller, verb: string, subresource: string): Promise<boolean> {
    const { client, clock, nodeName } = this.#options
    const key = JSON.stringify([caller, verb, subresource])
    const known = this.#verdicts.get(key)
    if (known && clock.now() < known.untilMs) return known.allowed
    const { status } = await client.create(SubjectAccessReview, {
      spec: {
        user: caller.name,
        groups: [...caller.groups],
        ...(caller.uid && { uid: caller.uid }),
        ...(caller.extra && {
          extra: Object.fromEntries(
            Object.entries(caller.extra).map(([name, values]) => [name, [...values]]),
          ),
        }),
        resourceAttributes: { verb, version: "v1", resource: "nodes", subresource, name: nodeName },
      },
    })
    const allowed = status?.allowed ?? false
    remember(this.#verdicts, key, { allowed, untilMs: clock.now() + (allowed ? allowedMs : deniedMs) })
    return allowed
  }
}

const maxRemembered = 1000

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

const verbs: Readonly<Record<string, string>> = {
  GET: "get",
  HEAD: "get",
  POST: "create",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
}

/** Any of these rights will do: the narrow one first, then the old one for everything (KEP-2862). */
export function subresourcesOf(path: string): readonly string[] {
  const isBelow = (prefix: string) => path === prefix || path.startsWith(`${prefix}/`)
  if (isBelow("/stats")) return ["stats"]
  if (isBelow("/metrics")) return ["metrics"]
  if (isBelow("/logs")) return ["log"]
  if (isBelow("/checkpoint")) return ["checkpoint"]
  if (isBelow("/pods") || isBelow("/runningpods")) return ["pods", "proxy"]
  if (isBelow("/healthz")) return ["healthz", "proxy"]
  if (isBelow("/statusz")) return ["statusz"]
  if (isBelow("/configz")) return ["configz", "proxy"]
  return ["proxy"]
}
