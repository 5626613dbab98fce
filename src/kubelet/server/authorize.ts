import type { IncomingMessage } from "node:http"
import type { Clock } from "../../base/clock.ts"
import type { Client } from "../../client/client.ts"
import { DelegatedReviews } from "../../client/real/delegated-reviews.ts"
import { HttpProblem } from "./http-problem.ts"

export interface AuthorizerOptions {
  readonly nodeName: string
  readonly client: Client
  readonly clock: Clock
}

/** As upstream's kubelet does by default. */
const remember = { tokensMs: 120_000, allowedMs: 300_000, deniedMs: 30_000 }

/**
 * Whom the kubelet serves: those with a certificate of the cluster's authority or a token that the API server knows, if the
 * API server says that they may (`nodes/proxy`, `nodes/log`, ... of this node). Answers are remembered for a while.
 */
export class RequestAuthorizer {
  readonly #nodeName: string
  readonly #reviews: DelegatedReviews

  constructor({ nodeName, client, clock }: AuthorizerOptions) {
    this.#nodeName = nodeName
    this.#reviews = new DelegatedReviews({ client, clock, remember })
  }

  /** Throws HttpProblem for those who may not. */
  async check(request: IncomingMessage, path: string): Promise<void> {
    const caller = await this.#reviews.callerOf(request)
    if (!caller) throw new HttpProblem(401, "Unauthorized")
    const verb = verbs[request.method ?? "GET"] ?? "get"
    const subresources = subresourcesOf(path)
    for (const subresource of subresources) {
      const asked = { verb, version: "v1", resource: "nodes", subresource, name: this.#nodeName }
      if (await this.#reviews.isAllowed(caller, { resourceAttributes: asked })) return
    }
    const wanted = `resource=nodes, subresource(s)=[${subresources.join(" ")}]`
    throw new HttpProblem(403, `Forbidden (user=${caller.name}, verb=${verb}, ${wanted})`)
  }
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
