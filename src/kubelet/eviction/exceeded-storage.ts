import { formatQuantity, parseQuantity, quantityValue } from "../../apimachinery/quantity.ts"
import { computePodLimits } from "../../api/core/v1/pod-resources.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { VolumeUsage } from "../node-host.ts"

const resource = "ephemeral-storage"

/** What a pod has written on the node's own disks. */
export interface LocalStorageUsage {
  readonly volumes: readonly VolumeUsage[]
  readonly containers: readonly ContainerStorage[]
}

export interface ContainerStorage {
  readonly name: string
  /** What it wrote over its image. */
  readonly layer: StorageAmount
  readonly logs: StorageAmount
}

export interface StorageAmount {
  readonly bytes: number
  readonly inodes: number
}

export interface ExceededLimit {
  /** As metrics call it. */
  readonly signal: "emptydirfs.limit" | "ephemeralpodfs.limit" | "ephemeralcontainerfs.limit"
  /** In upstream's words. */
  readonly message: string
}

/** Whether there is a limit that a pod could go beyond. */
export function hasStorageLimit({ spec }: Pod): boolean {
  const isLimited = computePodLimits({ spec })[resource] !== undefined
  return isLimited || (spec.volumes ?? []).some(({ emptyDir }) => emptyDir?.sizeLimit !== undefined)
}

/**
 * Which limit a pod has gone beyond; undefined while it keeps to all of them. What containers wrote over their images is not
 * theirs alone to answer for where images have a file system of their own. Pure.
 */
export function exceededStorage(
  pod: Pod,
  usage: LocalStorageUsage,
  hasImageFilesystem: boolean,
): ExceededLimit | undefined {
  return (
    exceededEmptyDir(pod, usage) ??
    exceededByPod(pod, usage) ??
    exceededByContainer(pod, usage, hasImageFilesystem)
  )
}

function exceededEmptyDir({ spec }: Pod, { volumes }: LocalStorageUsage): ExceededLimit | undefined {
  for (const { name, emptyDir } of spec.volumes ?? []) {
    const limit = emptyDir?.sizeLimit
    const usedBytes = volumes.find((volume) => volume.name === name)?.space.usedBytes ?? 0
    if (limit === undefined || quantityValue(limit) <= 0 || usedBytes <= quantityValue(limit)) continue
    const message = `Usage of EmptyDir volume "${name}" exceeds the limit "${parseQuantity(limit).text}". `
    return { signal: "emptydirfs.limit", message }
  }
  return undefined
}

/** The limits of those containers that have one, for what all of them use together: so upstream counts. */
function exceededByPod({ spec }: Pod, { volumes, containers }: LocalStorageUsage): ExceededLimit | undefined {
  const limit = computePodLimits({ spec })[resource]
  if (!limit) return undefined
  const ofVolumes = volumes
    .filter(({ isLocal }) => isLocal)
    .reduce((sum, { space }) => sum + space.usedBytes, 0)
  const usedBytes = containers.reduce((sum, { layer, logs }) => sum + layer.bytes + logs.bytes, ofVolumes)
  if (usedBytes <= quantityValue(limit)) return undefined
  const message = `Pod ephemeral local storage usage exceeds the total limit of containers ${formatQuantity(limit)}. `
  return { signal: "ephemeralpodfs.limit", message }
}

function exceededByContainer(
  { spec }: Pod,
  { containers }: LocalStorageUsage,
  hasImageFilesystem: boolean,
): ExceededLimit | undefined {
  for (const { name, resources } of spec.containers) {
    const limit = resources?.limits?.[resource]
    const used = containers.find((container) => container.name === name)
    if (limit === undefined || quantityValue(limit) === 0 || !used) continue
    const bytes = used.logs.bytes + (hasImageFilesystem ? 0 : used.layer.bytes)
    if (bytes <= quantityValue(limit)) continue
    const message = `Container ${name} exceeded its local ephemeral storage limit "${parseQuantity(limit).text}". `
    return { signal: "ephemeralcontainerfs.limit", message }
  }
  return undefined
}
