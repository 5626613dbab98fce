import type { IncomingMessage } from "node:http"
import { StatusError } from "../../apimachinery/status-error.ts"
import type { Clock } from "../../base/clock.ts"
import type { Client } from "../../client/client.ts"
import { type Caller, DelegatedReviews } from "../../client/real/delegated-reviews.ts"

const anonymous: Caller = { name: "system:anonymous", groups: ["system:unauthenticated"] }
/** Must work without any rights. */
const probes: ReadonlySet<string> = new Set(["/healthz", "/livez", "/readyz"])
/** As upstream's --authentication-token-webhook-cache-ttl and those of authorization. */
const rememberMs = 10_000

/** Who may read what a component tells of itself: the API server decides by the path. */
export class DelegatedAccess {
  readonly #reviews: DelegatedReviews

  constructor(parts: { readonly client: Client; readonly clock: Clock }) {
    const remember = { tokensMs: rememberMs, allowedMs: rememberMs, deniedMs: rememberMs }
    this.#reviews = new DelegatedReviews({ ...parts, remember })
  }

  /** Throws a StatusError for those who may not. */
  async check(request: IncomingMessage, path: string): Promise<void> {
    if (probes.has(path)) return
    const caller = await this.#reviews.callerOf(request, anonymous)
    if (!caller) throw new StatusError("Unauthorized", "Unauthorized")
    const verb = (request.method ?? "GET").toLowerCase()
    if (await this.#reviews.isAllowed(caller, { nonResourceAttributes: { verb, path } })) return
    const why = `forbidden: User ${JSON.stringify(caller.name)} cannot ${verb} path ${JSON.stringify(path)}`
    throw new StatusError("Forbidden", why, { details: {} })
  }
}
