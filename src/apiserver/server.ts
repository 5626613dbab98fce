import type { Resource } from "../apimachinery/resource.ts"
import type { Clock } from "../base/clock.ts"
import { type IpNetwork, parseNetwork } from "../base/ip-address.ts"
import type { Logger } from "../base/log.ts"
import type { Random } from "../base/random.ts"
import type { Transport } from "../client/transport.ts"
import type { Store } from "../etcd/store.ts"
import type { AdmissionChain } from "./admission/admission.ts"
import { anonymous, type Authenticator, type UserInfo } from "./authentication/authenticator.ts"
import type { Authorizer } from "./authorization/authorizer.ts"
import type { RequestContext } from "./context.ts"
import { plainJson } from "./encoding/output-format.ts"
import type { ServerRequest } from "./http/request.ts"
import type { ServerResponse } from "./http/response.ts"
import { addBuiltInResources } from "./registry/add-resources.ts"
import { ServedResources } from "./registry/served-resources.ts"
import { handleRequest } from "./request-path.ts"
import type { PortRange } from "./registry/service/claim-node-ports.ts"
import type { RequestInfo } from "./request-info.ts"
import type { ServerParts } from "./server-parts.ts"
import { createInProcessTransport } from "./transport.ts"
import { Mirror } from "./watch-cache/mirror.ts"

export interface ApiServerOptions {
  readonly store: Store
  /** Every built-in resource in every version it is served in. */
  readonly resources: readonly Resource[]
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly authenticator: Authenticator
  readonly authorizer: Authorizer
  readonly admission: AdmissionChain
  /** `--service-cluster-ip-range`, one per family. @default ["10.96.0.0/12"] */
  readonly serviceClusterIpRanges?: readonly string[]
  /** `--service-node-port-range`. @default 30000 to 32767 */
  readonly nodePortRange?: PortRange
  /** @default 60 s, as upstream's `--request-timeout` */
  readonly requestTimeoutMs?: number
}

/** The one door to state. */
export interface ApiServer {
  /** Reads what there is; requests may be made after this. */
  start(): Promise<void>
  /** Answers one request; never rejects. */
  handle(request: ServerRequest): Promise<ServerResponse>
  /** The road for a component of the same process. */
  transportFor(user: UserInfo): Transport
  /** Ends all watches and follows the store no longer; the store is the caller's to close. */
  stop(): Promise<void>
  readonly parts: ServerParts
}

const noInfo = {} as RequestInfo
const defaultNodePortRange: PortRange = { first: 30_000, last: 32_767 }

export function createApiServer(options: ApiServerOptions): ApiServer {
  const { store, clock, log, requestTimeoutMs = 60_000, nodePortRange = defaultNodePortRange } = options
  const shutdown = new AbortController()
  const mirror = new Mirror({ store, clock, log: log.named("watch-cache"), signal: shutdown.signal })
  const resources = new ServedResources()
  const parts: ServerParts = {
    ...options,
    requestTimeoutMs,
    nodePortRange,
    serviceNetworks: (options.serviceClusterIpRanges ?? ["10.96.0.0/12"]).map(toNetwork),
    mirror,
    resources,
    signal: shutdown.signal,
  }
  addBuiltInResources(parts, options.resources)

  const handle = (request: ServerRequest): Promise<ServerResponse> => {
    const context: RequestContext = {
      server: parts,
      request,
      startedMs: clock.monotonic(),
      info: noInfo,
      user: anonymous,
      signal: request.signal,
      format: plainJson,
      warnings: [],
      annotations: new Map(),
    }
    return handleRequest(context)
  }

  return {
    parts,
    start: () => mirror.start(),
    handle,
    transportFor: (user) => createInProcessTransport(handle, user),
    async stop() {
      shutdown.abort()
      mirror.close()
    },
  }
}

function toNetwork(text: string): IpNetwork {
  const network = parseNetwork(text)
  if (!network)
    throw new Error(
      `service cluster IP range ${JSON.stringify(text)} is no network: use a form like "10.96.0.0/12"`,
    )
  return network
}
