import type { NodeUsage } from "../node-host.ts"
import { amountOf, type PressureSignal, type Threshold } from "./thresholds.ts"

export interface Shortage {
  readonly signal: PressureSignal
  readonly available: number
  readonly threshold: number
  /** The threshold that was met. */
  readonly met: Threshold
  /** How much has to be freed: up to the threshold, and what beyond it is wanted. */
  readonly missing: number
}

export type PressureCondition = "MemoryPressure" | "DiskPressure" | "PIDPressure"

export const conditionOf: Readonly<Record<PressureSignal, PressureCondition>> = {
  "memory.available": "MemoryPressure",
  "allocatableMemory.available": "MemoryPressure",
  "nodefs.available": "DiskPressure",
  "nodefs.inodesFree": "DiskPressure",
  "imagefs.available": "DiskPressure",
  "imagefs.inodesFree": "DiskPressure",
  "containerfs.available": "DiskPressure",
  "containerfs.inodesFree": "DiskPressure",
  "pid.available": "PIDPressure",
}

/** Memory first, since it is gone soonest. */
const order = Object.keys(conditionOf)

/** What the node is short of, by the thresholds that it is below. Pure. */
export function findShortages(usage: NodeUsage, thresholds: readonly Threshold[]): Shortage[] {
  return thresholds
    .flatMap((met) => {
      const observed = observe(usage, met.signal)
      if (!observed) return []
      const { available, capacity } = observed
      const threshold = amountOf(met.value, capacity)
      if (available >= threshold) return []
      const extra = met.minReclaim ? amountOf(met.minReclaim, capacity) : 0
      return [{ signal: met.signal, available, threshold, met, missing: threshold + extra - available }]
    })
    .sort((a, b) => order.indexOf(a.signal) - order.indexOf(b.signal))
}

/** Undefined: nobody counts it. Images, containers and volumes lie on one file system. */
function observe(
  { filesystem, processes, memoryAvailableBytes, memoryWorkingSetBytes, pods }: NodeUsage,
  signal: PressureSignal,
): { readonly available: number; readonly capacity: number } | undefined {
  switch (signal) {
    case "memory.available":
      return {
        available: memoryAvailableBytes,
        capacity: memoryAvailableBytes + memoryWorkingSetBytes,
      }
    case "allocatableMemory.available":
      return (
        pods && {
          available: pods.memoryLimitBytes - pods.memoryWorkingSetBytes,
          capacity: pods.memoryLimitBytes,
        }
      )
    case "nodefs.available":
    case "imagefs.available":
    case "containerfs.available":
      return { available: filesystem.availableBytes, capacity: filesystem.capacityBytes }
    case "nodefs.inodesFree":
    case "imagefs.inodesFree":
    case "containerfs.inodesFree":
      return { available: filesystem.inodesFree, capacity: filesystem.inodes }
    case "pid.available":
      return { available: processes.max - processes.running, capacity: processes.max }
  }
}

/**
 * Those of `shortages` that call for something to be done now: at once where the threshold is a hard one, else when it was
 * met for as long as it says. `since` remembers when each was first met. Pure.
 */
export function dueShortages(
  since: ReadonlyMap<Threshold, number>,
  shortages: readonly Shortage[],
  nowMs: number,
): { readonly since: Map<Threshold, number>; readonly due: Shortage[] } {
  const next = new Map(shortages.map(({ met }) => [met, since.get(met) ?? nowMs]))
  const due = shortages.filter(({ met }) => nowMs - next.get(met)! >= (met.gracePeriodMs ?? 0))
  return { since: next, due }
}

/** Conditions with the time when each was last true; those that ended longer than `holdMs` ago are gone. Pure. */
export function holdConditions(
  held: ReadonlyMap<PressureCondition, number>,
  shortages: readonly Pick<Shortage, "signal">[],
  nowMs: number,
  holdMs: number,
): Map<PressureCondition, number> {
  const next = new Map([...held].filter(([, lastMs]) => nowMs - lastMs < holdMs))
  for (const { signal } of shortages) next.set(conditionOf[signal], nowMs)
  return next
}
