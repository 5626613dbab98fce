import type { Cache } from "../client/cache.ts"
import type { ApiServices } from "./aggregation/api-services.ts"
import type { RemoteVersions } from "./aggregation/remote-versions.ts"
import type { Clock } from "../base/clock.ts"
import type { IpNetwork } from "../base/ip-address.ts"
import type { Logger } from "../base/log.ts"
import type { Random } from "../base/random.ts"
import type { Store } from "../etcd/store.ts"
import type { AuditTrail } from "./audit/audit-trail.ts"
import type { FlowController } from "./flow-control/flow-controller.ts"
import type { ServerMetrics } from "./metrics/server-metrics.ts"
import type { Compactor } from "./compactor.ts"
import type { Discovery } from "./paths/discovery.ts"
import type { ExtraPath, ProfilePath } from "./paths/handle-path.ts"
import type { HealthRecord } from "../apimachinery/health-checks.ts"
import type { HealthCheck } from "./paths/health.ts"
import type { OpenApi } from "./paths/openapi.ts"
import type { Page } from "./paths/pages.ts"
import type { VersionInfo } from "./paths/version.ts"
import type { PortRange } from "./registry/service/claim-node-ports.ts"
import type { ComputedResource } from "./registry/computed-resource.ts"
import type { StorageMediaType } from "./registry/storage-codec.ts"
import type { ServedResources } from "./registry/served-resources.ts"
import type { Security } from "./security.ts"
import type { Backends } from "./streaming/backends.ts"
import type { Mirror } from "./watch-cache/mirror.ts"
import type { WebhookCaller } from "./webhooks/webhook-caller.ts"

/** What stages and handlers work with: one of each per server. */
export interface ServerParts extends Security {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly store: Store
  readonly mirror: Mirror
  readonly resources: ServedResources
  /** What is not stored but told at the moment, by group and resource: "componentstatuses", "pods.metrics.k8s.io". */
  readonly computed: ReadonlyMap<string, ComputedResource>
  readonly audit: AuditTrail | undefined
  /** What is behind this server: kubelets, pods, Services. Without it nothing is reached. */
  readonly backends: Backends | undefined
  readonly callWebhook: WebhookCaller
  /** The watch cache as informers have it. */
  readonly cache: Cache
  /** Which groups are other servers' business. */
  readonly apiServices: ApiServices
  /** What those servers tell about themselves; without a way to them nothing. */
  readonly remoteVersions: RemoteVersions | undefined
  readonly metrics: ServerMetrics
  readonly flowController: FlowController
  readonly discovery: Discovery
  readonly openApi: OpenApi
  readonly healthChecks: readonly HealthCheck[]
  /** What they found. */
  readonly healthRecord: HealthRecord
  /** By name; whoever has something to show adds it. */
  readonly pages: Map<string, Page>
  readonly version: VersionInfo
  /** From which Services get their addresses; the first family is the default one. */
  readonly serviceNetworks: readonly IpNetwork[]
  readonly nodePortRange: PortRange
  readonly compactor: Compactor
  readonly extraPaths: Readonly<Record<string, ExtraPath>>
  readonly profile: ProfilePath | undefined
  /** How objects are written to the store. */
  readonly storageMediaType: StorageMediaType
  /** For how long events are kept after they were last written. */
  readonly eventTtlMs: number
  /** Of requests that do not run for long by nature. */
  readonly requestTimeoutMs: number
  /** Aborts when the server shuts down: watches and streams end. */
  readonly signal: AbortSignal
}
