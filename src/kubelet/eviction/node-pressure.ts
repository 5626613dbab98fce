import type { NodeUsage } from "../node-host.ts"

/** What a node can run short of. */
export type PressureSignal =
  | "memory.available"
  | "nodefs.available"
  | "nodefs.inodesFree"
  | "imagefs.available"
  | "imagefs.inodesFree"
  | "pid.available"

export interface Shortage {
  readonly signal: PressureSignal
  readonly available: number
  readonly threshold: number
}

export type PressureCondition = "MemoryPressure" | "DiskPressure" | "PIDPressure"

export const conditionOf: Readonly<Record<PressureSignal, PressureCondition>> = {
  "memory.available": "MemoryPressure",
  "nodefs.available": "DiskPressure",
  "nodefs.inodesFree": "DiskPressure",
  "imagefs.available": "DiskPressure",
  "imagefs.inodesFree": "DiskPressure",
  "pid.available": "PIDPressure",
}

/** Upstream's defaults for a hard eviction. (https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/) */
export interface EvictionThresholds {
  readonly memoryBytes: number
  readonly diskShare: number
  readonly inodeShare: number
  /** Of the file system of images, which here is the same one. */
  readonly imageDiskShare: number
  readonly imageInodeShare: number
}

export const defaultThresholds: EvictionThresholds = {
  memoryBytes: 100 << 20,
  diskShare: 0.1,
  inodeShare: 0.05,
  imageDiskShare: 0.15,
  imageInodeShare: 0.05,
}

/** Below this many process ids nothing can be started any more. */
const minProcessIds = 1000

/** What the node is short of, memory first. Pure. */
export function findShortages(usage: NodeUsage, thresholds: EvictionThresholds): Shortage[] {
  const { filesystem, processes } = usage
  const disk = (signal: PressureSignal, share: number): Shortage => ({
    signal,
    available: filesystem.availableBytes,
    threshold: Math.floor(filesystem.capacityBytes * share),
  })
  const inodes = (signal: PressureSignal, share: number): Shortage => ({
    signal,
    available: filesystem.inodesFree,
    threshold: Math.floor(filesystem.inodes * share),
  })
  const candidates: Shortage[] = [
    {
      signal: "memory.available",
      available: usage.memoryAvailableBytes,
      threshold: thresholds.memoryBytes,
    },
    disk("nodefs.available", thresholds.diskShare),
    inodes("nodefs.inodesFree", thresholds.inodeShare),
    disk("imagefs.available", thresholds.imageDiskShare),
    inodes("imagefs.inodesFree", thresholds.imageInodeShare),
    {
      signal: "pid.available",
      available: processes.max - processes.running,
      threshold: Math.min(minProcessIds, processes.max),
    },
  ]
  return candidates.filter(({ available, threshold }) => available < threshold)
}

/** How long a condition is held after the shortage is over, so that it does not flap. */
const holdMs = 300_000

/** Conditions with the time when each was last true; those too long ago are gone. Pure. */
export function holdConditions(
  held: ReadonlyMap<PressureCondition, number>,
  shortages: readonly Shortage[],
  nowMs: number,
): Map<PressureCondition, number> {
  const next = new Map([...held].filter(([, lastMs]) => nowMs - lastMs < holdMs))
  for (const { signal } of shortages) next.set(conditionOf[signal], nowMs)
  return next
}
