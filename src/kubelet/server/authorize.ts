import type { IncomingMessage } from "node:http"
import type { TLSSocket } from "node:tls"
import type { Clock } from "../../base/clock.ts"
import { parseDuration } from "../../apimachinery/duration.ts"
import type { KubeletConfiguration } from "../configuration/kubelet-configuration.ts"
import type { Client } from "../../client/client.ts"
import { type Caller, callerOfCertificate, DelegatedReviews } from "../../client/real/delegated-reviews.ts"
import { HttpProblem } from "./http-problem.ts"

export interface AuthorizerOptions {
  readonly nodeName: string
  readonly client: Client
  readonly configuration: Pick<KubeletConfiguration, "authentication" | "authorization">
  readonly clock: Clock
}

/**
 * Whom the kubelet serves: those with a certificate of the cluster's authority or a token that the API server knows, if the
 * API server says that they may (`nodes/proxy`, `nodes/log`, ... of this node). Answers are remembered for a while.
 */
export class RequestAuthorizer {
  readonly #nodeName: string
  readonly #reviews: DelegatedReviews
  readonly #settings: AuthorizerOptions["configuration"]

  constructor({ nodeName, client, configuration, clock }: AuthorizerOptions) {
    const { authentication, authorization } = configuration
    this.#nodeName = nodeName
    this.#settings = configuration
    this.#reviews = new DelegatedReviews({
      client,
      clock,
      remember: {
        tokensMs: parseDuration(authentication.webhook.cacheTTL),
        allowedMs: parseDuration(authorization.webhook.cacheAuthorizedTTL),
        deniedMs: parseDuration(authorization.webhook.cacheUnauthorizedTTL),
      },
    })
  }

  /** Throws HttpProblem for those who may not. */
  async check(request: IncomingMessage, path: string): Promise<void> {
    const caller = await this.#callerOf(request)
    if (!caller) throw new HttpProblem(401, "Unauthorized")
    if (this.#settings.authorization.mode === "AlwaysAllow") return
    const verb = verbs[request.method ?? "GET"] ?? "get"
    const subresources = subresourcesOf(path)
    for (const subresource of subresources) {
      const asked = { verb, version: "v1", resource: "nodes", subresource, name: this.#nodeName }
      if (await this.#reviews.isAllowed(caller, { resourceAttributes: asked })) return
    }
    const wanted = `resource=nodes, subresource(s)=[${subresources.join(" ")}]`
    throw new HttpProblem(403, `Forbidden (user=${caller.name}, verb=${verb}, ${wanted})`)
  }

  /** By certificate; by token only where the API server is asked about them. */
  async #callerOf(request: IncomingMessage): Promise<Caller | undefined> {
    const { webhook, anonymous } = this.#settings.authentication
    const nobody = anonymous.enabled ? anonymousCaller : undefined
    if (webhook.enabled) return this.#reviews.callerOf(request, nobody)
    return callerOfCertificate(request.socket as TLSSocket) ?? nobody
  }
}

const anonymousCaller: Caller = { name: "system:anonymous", groups: ["system:unauthenticated"] }

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
  if (isBelow("/configz") || isBelow("/flagz")) return ["configz", "proxy"]
  return ["proxy"]
}
