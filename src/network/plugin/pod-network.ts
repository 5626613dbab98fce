import type { Commands } from "../../base/commands.ts"
import type { Logger } from "../../base/log.ts"
import type { HostPort } from "./pod-allocation.ts"

/** Addresses and interfaces for the pods of one node. */
export interface PodNetwork {
  /** Where it keeps what it knows; gone after `cleanUp`. */
  readonly directory: string
  /** What containerd's CRI is told: where its plugin configuration and programs are. */
  readonly cniConfigDirectory: string
  readonly cniBinaryDirectory: string
  /** Starts the names of everything this network makes in the kernel; the proxy and policies share it. */
  readonly prefix: string
  /** The node's own addresses in the pod network; empty until its CIDRs are known. */
  readonly gateways: readonly string[]
  /** Makes interface, rules and plugin for these pod networks of the node (one of each family). Idempotent. */
  start(podCidrs: readonly string[]): Promise<void>
  /** Makes interface and rules again if somebody removed them; costs two small programs. Call it now and then. */
  repair(): Promise<void>
  /**
   * Gives the pod its addresses and has its cable planned: call it before RunPodSandbox. Asked again for the same pod it
   * gives the same addresses. Throws when the node has no pod network yet or no address is left.
   */
  prepare(pod: PodToConnect): Promise<readonly string[]>
  /** Takes everything back; call it once the pod's sandbox is gone. Unknown pods are ignored. */
  release(podUid: string): Promise<void>
  /** After a restart, before or after `start`: releases what pods hold that are not among these. */
  adopt(podUids: readonly string[]): Promise<void>
  /** Removes every interface, rule and file, and puts settings of the machine back. Also right after a crash. */
  cleanUp(): Promise<void>
}

export interface PodToConnect {
  readonly uid: string
  readonly namespace: string
  readonly name: string
  readonly hostPorts?: readonly HostPort[]
}

export interface PodNetworkOptions {
  /** Tells clusters (and the nodes of one network namespace) on a machine apart: data directory and node, say. */
  readonly clusterId: string
  /** Durable; ours alone. */
  readonly directory: string
  /** Shared by all clusters of the machine. @default "/run/coracle" */
  readonly sharedDirectory?: string
  /** The pod networks of the whole cluster. */
  readonly clusterCidrs: readonly string[]
  readonly serviceCidrs: readonly string[]
  /** Addresses at which this node answers DNS itself; empty when DNS is a Service like any other. */
  readonly dnsServers: readonly string[]
  /** @default 1500 */
  readonly mtu?: number
  readonly commands: Commands
  readonly log: Logger
}
