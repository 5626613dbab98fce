import type { Clock } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import type { Random } from "../../base/random.ts"
import type { ControlPlane } from "../control-plane.ts"
import type { DataDirectory } from "../data-directory.ts"
import type { Networks } from "../networks.ts"

/** A node that this process runs. */
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

export interface NodeParts {
  readonly name: string
  readonly directory: DataDirectory
  readonly networks: Networks
  /** A node gets ready as far as it can before the control plane is there. */
  readonly controlPlane: Promise<ControlPlane>
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}
