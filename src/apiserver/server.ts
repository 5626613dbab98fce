import { equivalentResources } from "./registry/equivalent-resources.ts"
import type { Descriptions } from "../api/openapi/descriptions.ts"
import { groupResource, type Resource } from "../apimachinery/resource.ts"
import type { Clock } from "../base/clock.ts"
import { type IpNetwork, parseNetwork } from "../base/ip-address.ts"
import type { Logger } from "../base/log.ts"
import type { Random } from "../base/random.ts"
import { createClient } from "../client/create-client.ts"
import type { Transport } from "../client/transport.ts"
import type { Store } from "../etcd/store.ts"
import type { AuditTrail } from "./audit/audit-trail.ts"
import { anonymous, authenticatedGroup, mastersGroup, type UserInfo } from "./authentication/authenticator.ts"
import type { ObjectFollower } from "./authorization/object-follower.ts"
import { ApiServiceController } from "./aggregation/api-service-controller.ts"
import { ApiServices } from "./aggregation/api-services.ts"
import { RemoteVersions } from "./aggregation/remote-versions.ts"
import { type Compaction, Compactor } from "./compactor.ts"
import type { RequestContext } from "./context.ts"
import { plainJson } from "./encoding/output-format.ts"
import type { ServerRequest } from "./http/request.ts"
import type { ServerResponse } from "./http/response.ts"
import { DanglingSchemas } from "./flow-control/dangling-schemas.ts"
import { pageOfFlowControl } from "./flow-control/dump.ts"
import { FlowController } from "./flow-control/flow-controller.ts"
import { CustomResources } from "./custom-resources/custom-resources.ts"
import { DefinitionController } from "./custom-resources/definition-controller.ts"
import { ServerMetrics } from "./metrics/server-metrics.ts"
import { Discovery } from "./paths/discovery.ts"
import type { ExtraPath, ProfilePath } from "./paths/handle-path.ts"
import { HealthRecord } from "../apimachinery/health-checks.ts"
import type { HealthCheck } from "./paths/health.ts"
import { OpenApi } from "./paths/openapi.ts"
import { apiLevel, type VersionInfo } from "./paths/version.ts"
import { addBuiltInResources } from "./registry/add-resources.ts"
import type { ComputedResource } from "./registry/computed-resource.ts"
import { ServedResources } from "./registry/served-resources.ts"
import type { StorageMediaType } from "./registry/storage-codec.ts"
import { objectAs } from "./registry/versions.ts"
import type { PortRange } from "./registry/service/claim-node-ports.ts"
import type { RequestInfo } from "./request-info.ts"
import { createRequestPath } from "./request-path.ts"
import type { CreateSecurity } from "./security.ts"
import { createServerCache } from "./server-cache.ts"
import type { ServerParts } from "./server-parts.ts"
import { componentStatuses } from "./subresources/component-statuses.ts"
import { resolveService } from "./services/resolve-service.ts"
import { keepFlowControl } from "./start-hooks/ensure-flow-control.ts"
import { ownHealthChecks } from "./start-hooks/own-health-checks.ts"
import { runStartHooks } from "./start-hooks/run-start-hooks.ts"
import { StartState } from "./start-hooks/start-steps.ts"
import type { AdvertisedAddress } from "./start-hooks/ensure-kubernetes-service.ts"
import type { Backends } from "./streaming/backends.ts"
import { createInProcessTransport } from "./transport.ts"
import { Mirror } from "./watch-cache/mirror.ts"
import { createWebhookCaller } from "./webhooks/create-webhook-caller.ts"
import type { WebhookTransport } from "./webhooks/webhook-caller.ts"

export interface ApiServerOptions {
  readonly store: Store
  /** Every built-in resource in every version it is served in. */
  readonly resources: readonly Resource[]
  /** More, of which nothing is stored. */
  readonly computed?: readonly ComputedResource[]
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly security: CreateSecurity
  /** Where requests are recorded; its sinks are the caller's to close. */
  readonly audit?: AuditTrail
  /** The way to kubelets, pods and Services; without it exec, logs and proxying answer 503. */
  readonly backends?: Backends
  /** The way to webhooks; without it calling one fails. */
  readonly webhookTransport?: WebhookTransport
  /** How pods reach the server; without it there is no Service `kubernetes`. */
  readonly advertised?: AdvertisedAddress
  /** Whether there are APIServices for the groups of this server. @default true */
  readonly registersApiServices?: boolean
  /** `--service-cluster-ip-range`, one per family. @default ["10.96.0.0/12"] */
  readonly serviceClusterIpRanges?: readonly string[]
  /** `--service-node-port-range`. @default 30000 to 32767 */
  readonly nodePortRange?: PortRange
  /** @default that of the API level */
  readonly version?: VersionInfo
  /** Texts of OpenAPI and `explain`; called when somebody first asks for them. */
  readonly loadDescriptions?: () => Promise<Descriptions>
  /** Asked by `/healthz`, `/livez` and `/readyz` beside the server's own. */
  readonly healthChecks?: readonly HealthCheck[]
  /** @default 60 s, as upstream's `--request-timeout` */
  readonly requestTimeoutMs?: number
  /** How the store is made to forget. @default every 5 minutes */
  readonly compaction?: Compaction
  /** Answers to paths that only this kind of server has; they may be got by who may get the path. */
  readonly extraPaths?: Readonly<Record<string, ExtraPath>>
  /** What `/debug/pprof/` answers. @default nothing */
  readonly profile?: ProfilePath
  /** For how long events are kept. @default an hour, as upstream's `--event-ttl` */
  readonly eventTtlMs?: number
  /** How objects are written; both ways are always read. @default "application/json" */
  readonly storageMediaType?: StorageMediaType
}

/** The one door to state. */
export interface ApiServer {
  /** Reads what there is, then makes true what every cluster has. Requests may be made once `serving` has resolved. */
  start(): Promise<void>
  /** Resolves when what is in the store has been read. */
  readonly serving: Promise<void>
  /** Answers one request; never rejects. */
  readonly handle: (request: ServerRequest) => Promise<ServerResponse>
  /** The road for a component of the same process. */
  transportFor(user: UserInfo): Transport
  /** Ends all watches and follows the store no longer; the store is the caller's to close. */
  stop(): Promise<void>
  readonly parts: ServerParts
}

/** The server itself, where it uses its own API. */
const self: UserInfo = { name: "system:apiserver", groups: [mastersGroup, authenticatedGroup], extra: {} }

export function createApiServer(options: ApiServerOptions): ApiServer {
  const { clock, log } = options
  const shutdown = new AbortController()
  const state = new StartState()
  const parts = createParts(options, shutdown.signal, state, (user) => createInProcessTransport(handle, user))
  const customResources = new CustomResources(parts)
  const definitions = new DefinitionController({
    cache: parts.cache,
    client: createClient(createInProcessTransport(handle, self)),
    customResources,
    clock,
    log: log.named("custom-resources"),
  })
  const aggregation = new ApiServiceController({
    ...parts,
    client: createClient(createInProcessTransport(handle, self)),
    log: log.named("aggregation"),
  })
  const danglingSchemas = new DanglingSchemas({
    ...parts,
    client: createClient(createInProcessTransport(handle, self)),
    log: log.named("flow-control"),
  })
  const { compactor } = parts
  const requestPath = createRequestPath()

  function handle(request: ServerRequest): Promise<ServerResponse> {
    return requestPath(newContext(parts, request))
  }

  let begin: () => void
  const serving = new Promise<void>((resolve) => (begin = resolve))
  return {
    parts,
    serving,
    handle,
    transportFor: (user) => createInProcessTransport(handle, user),
    async start() {
      await parts.mirror.start()
      state.finish("reading")
      compactor.start()
      for (const follower of [
        parts.flowController,
        danglingSchemas,
        parts.apiServices,
        customResources,
        definitions,
        ...(parts.followers ?? []),
      ])
        follow(parts.resources, follower)
      void definitions.run(shutdown.signal)
      void parts.flowController.run(shutdown.signal)
      void aggregation.run(shutdown.signal, options.registersApiServices ?? true)
      void aggregation.registered.then(() => (state.isRegistered = true))
      state.finish("following")
      begin()
      const client = createClient(createInProcessTransport(handle, self))
      await runStartHooks(parts, client, options.advertised, state.finish)
      void danglingSchemas.run(shutdown.signal)
      void keepFlowControl(client, { clock, log: log.named("flow-control") }, shutdown.signal)
      await danglingSchemas.settled()
    },
    async stop() {
      shutdown.abort()
      compactor.stop()
      parts.mirror.close()
    },
  }
}

function createParts(
  options: ApiServerOptions,
  signal: AbortSignal,
  state: StartState,
  transportFor: (user: UserInfo) => Transport,
): ServerParts {
  const { store, clock, random, log, advertised } = options
  const { requestTimeoutMs = 60_000, nodePortRange = defaultNodePortRange, version = apiLevel } = options
  const mirror = new Mirror({ store, clock, log: log.named("watch-cache"), signal })
  const resources = new ServedResources()
  const flowController = new FlowController(totalSeats, clock)
  const cache = createServerCache(resources)
  const client = createClient(transportFor(self))
  const callWebhook = createWebhookCaller({
    transport: options.webhookTransport ?? noWebhooks,
    resolve: (service) => resolveService(cache, random, service),
  })
  const equivalents = equivalentResources(resources)
  const apiServices = new ApiServices()
  const { backends } = options
  const remoteVersions = backends && new RemoteVersions({ apiServices, backends, cache, random, clock })
  const metrics = new ServerMetrics({ resources, flowController, version })
  metrics.add(...(options.audit?.metrics ?? []), ...metrics.aggregation.metrics(cache))
  const { admission: admissionMetrics, access: accessMetrics } = metrics
  const computed = [componentStatuses(store), ...(options.computed ?? [])]
  const parts: ServerParts = {
    ...options.security({
      cache,
      client,
      callWebhook,
      equivalents,
      admissionMetrics,
      accessMetrics,
      clock,
      random,
      log,
    }),
    clock,
    random,
    log,
    store,
    mirror,
    resources,
    computed: new Map(computed.map((each) => [groupResource(each.resource), each])),
    requestTimeoutMs,
    nodePortRange,
    serviceNetworks: (options.serviceClusterIpRanges ?? defaultServiceRanges).map(toNetwork),
    audit: options.audit,
    backends: options.backends,
    callWebhook,
    cache,
    apiServices,
    remoteVersions,
    metrics,
    flowController,
    discovery: new Discovery(
      resources,
      remoteVersions,
      advertised ? `${advertised.address}:${advertised.port}` : "",
    ),
    openApi: new OpenApi(resources, remoteVersions, options.loadDescriptions),
    healthChecks: [...ownHealthChecks(store, signal, state), ...(options.healthChecks ?? [])],
    healthRecord: new HealthRecord(),
    pages: new Map([["api_priority_and_fairness", pageOfFlowControl(flowController, clock)]]),
    version,
    signal,
    compactor: new Compactor(store, clock, log.named("compactor"), options.compaction),
    extraPaths: options.extraPaths ?? {},
    profile: options.profile,
    storageMediaType: options.storageMediaType ?? "application/json",
    eventTtlMs: options.eventTtlMs ?? 60 * 60_000,
  }
  addBuiltInResources(parts, [
    ...options.resources,
    ...(options.computed ?? []).map(({ resource }) => resource),
  ])
  return parts
}

const noWebhooks: WebhookTransport = () => Promise.reject(new Error("this server has no way to webhooks"))

/** Upstream's `--max-requests-inflight` and `--max-mutating-requests-inflight` together. */
const totalSeats = 600

const defaultNodePortRange: PortRange = { first: 30_000, last: 32_767 }
const defaultServiceRanges = ["10.96.0.0/12"]

function toNetwork(text: string): IpNetwork {
  const network = parseNetwork(text)
  if (network) return network
  throw new Error(
    `service cluster IP range ${JSON.stringify(text)} is no network: use a form like 10.96.0.0/12`,
  )
}

const noInfo = {} as RequestInfo

function newContext(server: ServerParts, request: ServerRequest): RequestContext {
  return {
    server,
    request,
    startedMs: server.clock.monotonic(),
    waitedMs: 0,
    info: noInfo,
    user: anonymous,
    signal: request.signal,
    format: plainJson,
    warnings: [],
    impersonationConstraint: undefined,
    auditId: "",
    audit: undefined,
    annotations: new Map(),
  }
}

function follow(resources: ServedResources, follower: ObjectFollower): void {
  for (const resource of follower.resources) {
    const served = resources.get(resource)
    served.registry.cache.follow({
      put: (stored) => follower.put(objectAs(served, stored)),
      remove: (stored) => follower.remove(objectAs(served, stored)),
    })
  }
}
