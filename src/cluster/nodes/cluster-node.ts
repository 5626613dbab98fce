import type { Clock } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import type { Random } from "../../base/random.ts"
import type { ForeignPlugin } from "../../network/foreign/create-foreign-network.ts"
import type { DataDirectory } from "../data-directory.ts"
import type { Networks } from "../networks/networks.ts"
import type { KubeletFiles } from "./kubelet-files.ts"
import type { NodeControlPlane } from "./node-control-plane.ts"

/** A node that runs, here or in a process of its own. */
export interface ClusterNode {
  readonly name: string
  readonly runtime: "containerd" | "simulated"
  /** The container runtime's socket. */
  readonly endpoint?: string
  /** Resolves when it is Ready in the API. */
  readonly ready: Promise<void>
  /** Ends its pods and leaves nothing of it on the machine. The control plane must still answer. */
  stop(): Promise<void>
}

export interface NodeParts extends KubeletFiles {
  readonly name: string
  readonly directory: DataDirectory
  readonly networks: Networks
  /** A node gets ready as far as it can before the control plane is there. */
  readonly controlPlane: Promise<NodeControlPlane>
  /** The node's addresses where this process is in a network namespace of the node's own. @default the machine's */
  readonly ownAddresses?: readonly string[]
  /** Which of the machine's addresses are the node's, one of each family at most. @default those that lead to the world */
  readonly nodeIps?: readonly string[]
  /** Pods are connected by this instead of our own plugin. @default ours */
  readonly foreignPlugin?: ForeignPlugin
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}
