import type { Clock } from "../base/clock.ts"
import type { Commands } from "../base/commands.ts"
import type { IpFamily } from "../base/ip-address.ts"
import type { Logger } from "../base/log.ts"
import type { EventSeriesRecorder } from "../client/event-series-recorder.ts"
import type { Informers } from "../client/informers.ts"
import type { ProxyStatus } from "./serving/proxy-status.ts"

/** Makes the Services of the cluster reachable on one node. */
export interface Proxy {
  /**
   * Follows Services until `signal` aborts. The rules stay in the kernel then: connections go on while the proxy is
   * restarted. `cleanUp` removes them.
   */
  run(signal: AbortSignal): Promise<void>
  /** Resolves when every Service that exists is reachable for the first time. */
  readonly ready: Promise<void>
  /** Resolves when everything that the informers have told so far is in the kernel. */
  settled(): Promise<void>
  cleanUp(): Promise<void>
  readonly status: ProxyStatus
}

export interface ProxyOptions {
  /** Shared with the rest of the process; the proxy asks them for Services, EndpointSlices and its Node. */
  readonly informers: Informers
  readonly nodeName: string
  /** Starts the name of its tables (network/interface-names.ts). */
  readonly prefix: string
  /** The pod networks of the cluster; empty when unknown: then every source address of ClusterIP traffic is replaced. */
  readonly podNetworks: readonly string[]
  readonly serviceNetworks: readonly string[]
  /** Replaces the source address of pods, too, on the way to cluster IPs. @default false */
  readonly masqueradeAll?: boolean
  /**
   * Pods of every node answer this node's own addresses (network/overlay/return-path.ts): its connections to them keep
   * the one they come from. @default false
   */
  readonly keepNodeAddresses?: boolean
  /** Networks of the node's own addresses at which node ports are open. @default all */
  readonly nodePortNetworks?: readonly string[]
  /** @default the families of pod and service networks */
  readonly families?: readonly IpFamily[]
  /** Where people are told what does not work. */
  readonly events?: EventSeriesRecorder
  readonly commands: Commands
  readonly clock: Clock
  readonly log: Logger
}
