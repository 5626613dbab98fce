import { quote } from "../../base/quote.ts"
import type { CpuState } from "./cpu/cpu-manager.ts"
import { formatCpuSet, parseCpuSet } from "./cpu-set.ts"
import type { MemoryAssignments, MemoryBlock } from "./memory/machine-memory.ts"
import type { MemoryManager } from "./memory/memory-manager.ts"

// What is written down of who has what, in upstream's shape: cpu_manager_state and memory_manager_state below the
// kubelet's directory. A policy that is no longer the same one must not go by what the other remembered.

type ByContainer<T> = Record<string, Record<string, T>>

interface CpuFile {
  readonly policyName: string
  readonly defaultCpuSet: string
  readonly entries?: ByContainer<string>
}

interface MemoryFile {
  readonly policyName: string
  readonly machineState: Record<string, object>
  readonly entries?: ByContainer<readonly { numaAffinity: readonly number[]; type: string; size: number }[]>
}

/** `state` is undefined where no processor is anybody's own. */
export function formatCpuState(policyName: string, state: CpuState | undefined): string {
  const entries = toRecord(state?.assignments ?? new Map(), formatCpuSet)
  const file: CpuFile = {
    policyName,
    defaultCpuSet: formatCpuSet(state?.shared ?? []),
    ...(Object.keys(entries).length > 0 && { entries }),
  }
  return withChecksum(file)
}

/** Throws Error in upstream's words for what cannot be believed. */
export function parseCpuState(text: string, policyName: string): CpuState {
  const file = believe<CpuFile>(text)
  refuseOtherPolicy(file.policyName, policyName)
  return {
    shared: parseCpuSet(file.defaultCpuSet),
    assignments: toMap(file.entries, parseCpuSet),
  }
}

export function formatMemoryState(policyName: string, manager: MemoryManager | undefined): string {
  const entries = toRecord(manager?.assignments ?? new Map(), (blocks: readonly MemoryBlock[]) =>
    blocks.map(({ nodes, type, size }) => ({ numaAffinity: nodes, type, size })),
  )
  const machine = [...(manager?.machine ?? [])].map(([id, { assignments, memory, cells }]) => {
    return [id, { numberOfAssignments: assignments, memoryMap: memory, cells }] as const
  })
  const file: MemoryFile = {
    policyName,
    machineState: Object.fromEntries(machine),
    ...(Object.keys(entries).length > 0 && { entries }),
  }
  return withChecksum(file)
}

/** Throws Error in upstream's words for what cannot be believed. */
export function parseMemoryState(text: string, policyName: string): MemoryAssignments {
  const file = believe<MemoryFile>(text)
  refuseOtherPolicy(file.policyName, policyName, "[memorymanager] ")
  return toMap(file.entries, (blocks) =>
    blocks.map(({ numaAffinity, type, size }) => ({ nodes: numaAffinity, type, size })),
  )
}

function refuseOtherPolicy(remembered: string, configured: string, prefix = ""): void {
  if (remembered === configured) return
  throw new Error(
    `${prefix}configured policy ${quote(configured)} differs from state checkpoint policy ${quote(remembered)}`,
  )
}

function withChecksum(file: object): string {
  return JSON.stringify({ ...file, checksum: checksumOf(JSON.stringify(file)) })
}

function believe<T>(text: string): T {
  try {
    const { checksum, ...file } = JSON.parse(text) as { checksum: number }
    if (checksumOf(JSON.stringify(file)) === checksum) return file as T
  } catch {
    // Not even JSON.
  }
  throw new Error("checkpoint is corrupted")
}

/** FNV-1a of 32 bits. */
function checksumOf(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}

function toRecord<T, U>(
  map: ReadonlyMap<string, ReadonlyMap<string, T>>,
  convert: (value: T) => U,
): ByContainer<U> {
  const inner = (containers: ReadonlyMap<string, T>) =>
    Object.fromEntries([...containers].map(([name, value]) => [name, convert(value)]))
  return Object.fromEntries([...map].map(([uid, containers]) => [uid, inner(containers)]))
}

function toMap<T, U>(
  record: ByContainer<T> | undefined,
  convert: (value: T) => U,
): ReadonlyMap<string, ReadonlyMap<string, U>> {
  const inner = (containers: Record<string, T>) =>
    new Map(Object.entries(containers).map(([name, value]) => [name, convert(value)]))
  return new Map(Object.entries(record ?? {}).map(([uid, containers]) => [uid, inner(containers)]))
}
