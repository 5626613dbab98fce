import { bool, enumOf, integer, message, repeated, string, stringMap } from "../../../base/protobuf.ts"

// The part of the container storage interface that a node needs; field numbers are facts of csi.proto
// (https://github.com/container-storage-interface/spec).

export const Nothing = message<object>({})

const accessModes = {
  UNKNOWN: 0,
  SINGLE_NODE_WRITER: 1,
  SINGLE_NODE_READER_ONLY: 2,
  MULTI_NODE_READER_ONLY: 3,
  MULTI_NODE_SINGLE_WRITER: 4,
  MULTI_NODE_MULTI_WRITER: 5,
  SINGLE_NODE_SINGLE_WRITER: 6,
  SINGLE_NODE_MULTI_WRITER: 7,
} as const
export type AccessMode = keyof typeof accessModes

interface MountCapability {
  fsType: string
  mountFlags: string[]
  volumeMountGroup: string
}

/** One of `block` and `mount`. */
export interface VolumeCapability {
  block?: object
  mount?: MountCapability
  accessMode?: { mode: AccessMode }
}
export const VolumeCapability = message<VolumeCapability>({
  block: [1, message<object>({})],
  mount: [
    2,
    message<MountCapability>({
      fsType: [1, string],
      mountFlags: [2, repeated(string)],
      volumeMountGroup: [3, string],
    }),
  ],
  accessMode: [3, message<{ mode: AccessMode }>({ mode: [1, enumOf(accessModes)] })],
})

export interface StageRequest {
  volumeId: string
  publishContext: Record<string, string>
  stagingTargetPath: string
  volumeCapability?: VolumeCapability
  secrets: Record<string, string>
  volumeContext: Record<string, string>
}
export const StageRequest = message<StageRequest>({
  volumeId: [1, string],
  publishContext: [2, stringMap],
  stagingTargetPath: [3, string],
  volumeCapability: [4, VolumeCapability],
  secrets: [5, stringMap],
  volumeContext: [6, stringMap],
})

export const UnstageRequest = message<{ volumeId: string; stagingTargetPath: string }>({
  volumeId: [1, string],
  stagingTargetPath: [2, string],
})

export interface PublishRequest extends StageRequest {
  targetPath: string
  readonly: boolean
}
export const PublishRequest = message<PublishRequest>({
  volumeId: [1, string],
  publishContext: [2, stringMap],
  stagingTargetPath: [3, string],
  targetPath: [4, string],
  volumeCapability: [5, VolumeCapability],
  readonly: [6, bool],
  secrets: [7, stringMap],
  volumeContext: [8, stringMap],
})

export const UnpublishRequest = message<{ volumeId: string; targetPath: string }>({
  volumeId: [1, string],
  targetPath: [2, string],
})

export const StatsRequest = message<{ volumeId: string; volumePath: string; stagingTargetPath: string }>({
  volumeId: [1, string],
  volumePath: [2, string],
  stagingTargetPath: [3, string],
})

export interface VolumeUsage {
  available: number
  total: number
  used: number
  unit: "UNKNOWN" | "BYTES" | "INODES"
}
export const StatsResponse = message<{ usage: VolumeUsage[] }>({
  usage: [
    1,
    repeated(
      message<VolumeUsage>({
        available: [1, integer],
        total: [2, integer],
        used: [3, integer],
        unit: [4, enumOf({ UNKNOWN: 0, BYTES: 1, INODES: 2 })],
      }),
    ),
  ],
})

export interface ExpandRequest {
  volumeId: string
  volumePath: string
  capacityRange?: { requiredBytes: number }
  stagingTargetPath: string
  volumeCapability?: VolumeCapability
  secrets: Record<string, string>
}
export const ExpandRequest = message<ExpandRequest>({
  volumeId: [1, string],
  volumePath: [2, string],
  capacityRange: [3, message<{ requiredBytes: number }>({ requiredBytes: [1, integer] })],
  stagingTargetPath: [4, string],
  volumeCapability: [5, VolumeCapability],
  secrets: [6, stringMap],
})
export const ExpandResponse = message<{ capacityBytes: number }>({ capacityBytes: [1, integer] })

const nodeCapabilities = {
  UNKNOWN: 0,
  STAGE_UNSTAGE_VOLUME: 1,
  GET_VOLUME_STATS: 2,
  EXPAND_VOLUME: 3,
  VOLUME_CONDITION: 4,
  SINGLE_NODE_MULTI_WRITER: 5,
  VOLUME_MOUNT_GROUP: 6,
} as const
export type NodeCapability = keyof typeof nodeCapabilities

interface Capability {
  rpc?: { type: NodeCapability }
}
export const CapabilitiesResponse = message<{ capabilities: Capability[] }>({
  capabilities: [
    1,
    repeated(
      message<Capability>({
        rpc: [1, message<{ type: NodeCapability }>({ type: [1, enumOf(nodeCapabilities)] })],
      }),
    ),
  ],
})

export interface NodeInfo {
  nodeId: string
  /** 0: as many as one likes. */
  maxVolumesPerNode: number
  accessibleTopology?: { segments: Record<string, string> }
}
export const NodeInfo = message<NodeInfo>({
  nodeId: [1, string],
  maxVolumesPerNode: [2, integer],
  accessibleTopology: [3, message<{ segments: Record<string, string> }>({ segments: [1, stringMap] })],
})
