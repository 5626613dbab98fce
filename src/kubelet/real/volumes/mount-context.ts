import type { Commands } from "../../../base/commands.ts"
import type { Pod } from "../../../api/core/v1/pod.ts"
import type { NodeObjects } from "../../objects/node-objects.ts"
import type { CsiVolumes } from "../csi/csi-volumes.ts"
import type { Disks } from "./disks.ts"
import type { VolumeGrowth } from "./volume-growth.ts"

export interface MountContext {
  readonly pod: Pod
  /** Where the volume is mounted, if it is not somewhere on the host already. */
  readonly directory: string
  readonly objects: NodeObjects
  readonly commands: Commands
  readonly csi: CsiVolumes
  readonly disks: Disks
  readonly growth: VolumeGrowth
  /** The kubelet's own directory. */
  readonly root: string
}
