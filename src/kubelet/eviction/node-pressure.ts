import type { NodeUsage } from "../node-host.ts"
import type { Quantity } from "../../apimachinery/quantity.ts"
import { amountOf, type PressureSignal, quantityOf, type Threshold } from "./thresholds.ts"

export interface Shortage {
  readonly signal: PressureSignal
  readonly available: number
  readonly threshold: Quantity
  /** The threshold that was met. */
  readonly met: Threshold
}

/** What is given to pods, of which a node can run short. */
export type ScarceResource = "memory" | "ephemeral-storage" | "inodes" | "pids"

const resources: Readonly<Record<PressureSignal, ScarceResource>> = {
  "memory.available": "memory",
  "allocatableMemory.available": "memory",
  "nodefs.available": "ephemeral-storage",
  "nodefs.inodesFree": "inodes",
  "imagefs.available": "ephemeral-storage",
  "imagefs.inodesFree": "inodes",
  "pid.available": "pids",
}

export function resourceOf({ signal }: Pick<Shortage, "signal">): ScarceResource {
  return resources[signal]
}

export type PressureCondition = "MemoryPressure" | "DiskPressure" | "PIDPressure"

export const conditionOf: Readonly<Record<PressureSignal, PressureCondition>> = {
  "memory.available": "MemoryPressure",
  "allocatableMemory.available": "MemoryPressure",
  "nodefs.available": "DiskPressure",
  "nodefs.inodesFree": "DiskPressure",
  "imagefs.available": "DiskPressure",
  "imagefs.inodesFree": "DiskPressure",
  "pid.available": "PIDPressure",
}

/** Memory first, since it is gone soonest. */
const order = Object.keys(conditionOf)

/**
 * What the node is short of, by the thresholds that it is below. Of those in `unresolved` it stays short until so much more
 * is free as their `minReclaim` says. Pure.
 */
export function findShortages(
  usage: NodeUsage,
  thresholds: readonly Threshold[],
  unresolved: ReadonlySet<Threshold> = new Set(),
): Shortage[] {
  return thresholds
    .flatMap((met) => {
      const observed = observe(usage, met.signal)
      if (!observed) return []
      const { available, capacity } = observed
      const extra = met.minReclaim && unresolved.has(met) ? amountOf(met.minReclaim, capacity) : 0
      if (available >= amountOf(met.value, capacity) + extra) return []
      return [{ signal: met.signal, available, threshold: quantityOf(met.value, capacity), met }]
    })
    .sort((a, b) => order.indexOf(a.signal) - order.indexOf(b.signal))
}

/** Undefined: nobody counts it. */
function observe(
  {
    filesystem,
    imageFilesystem = filesystem,
    processes,
    memoryAvailableBytes,
    memoryWorkingSetBytes,
    pods,
  }: NodeUsage,
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
      return { available: filesystem.availableBytes, capacity: filesystem.capacityBytes }
    case "nodefs.inodesFree":
      return { available: filesystem.inodesFree, capacity: filesystem.inodes }
    case "imagefs.available":
      return { available: imageFilesystem.availableBytes, capacity: imageFilesystem.capacityBytes }
    case "imagefs.inodesFree":
      return { available: imageFilesystem.inodesFree, capacity: imageFilesystem.inodes }
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
