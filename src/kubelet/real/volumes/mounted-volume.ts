import type { Pod } from "../../../api/core/v1/pod.ts"
import type { FilesystemSpace } from "../../node-host.ts"

export interface MountedVolume {
  /** Where it is on the host. */
  readonly path: string
  /** It is a device, not a directory (volumeMode Block). */
  readonly isDevice?: boolean
  /** Containers may only read it. @default by its type */
  readonly isReadOnly?: boolean
  /** The claim that it comes by. */
  readonly claim?: string
  /** How full it is, where a driver knows. @default as its file system says */
  readonly measure?: () => Promise<FilesystemSpace | undefined>
  /** What is to be done for it from time to time while the pod has it. */
  readonly lookAfter?: (pod: Pod) => Promise<void>
}
