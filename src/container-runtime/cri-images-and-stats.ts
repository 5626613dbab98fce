import type { ContainerMetadata, Labels } from "./cri.ts"

// The part of the CRI that tells of images, and of what containers use. Times are nanoseconds since the epoch.

export interface ContainerStats {
  id: string
  metadata: ContainerMetadata
  labels: Labels
  annotations: Labels
  cpu?: CpuUsage
  memory?: MemoryUsage
  writableLayer?: FilesystemUsage
}

export interface CpuUsage {
  timestamp: number
  usageCoreNanoSeconds: number
  usageNanoCores?: number
}

export interface MemoryUsage {
  timestamp: number
  workingSetBytes: number
  usageBytes?: number
  rssBytes?: number
  availableBytes?: number
  pageFaults?: number
  majorPageFaults?: number
}

export interface FilesystemUsage {
  timestamp: number
  mountpoint: string
  usedBytes: number
  inodesUsed: number
}

export interface Image {
  /** "sha256:..." of its configuration. */
  id: string
  repoTags: string[]
  repoDigests: string[]
  sizeBytes: number
  /** The user its processes run as, where numeric. */
  uid?: number
  username: string
  /** Never collected. */
  pinned: boolean
}

export interface RegistryAuth {
  username?: string
  password?: string
  auth?: string
  serverAddress?: string
  identityToken?: string
  registryToken?: string
}
