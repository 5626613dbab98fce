import type { CpuSet } from "./cpu-set.ts"

/** A logical processor, and what it shares with others. Cores are numbered over the whole machine. */
export interface Processor {
  readonly id: number
  readonly core: number
  readonly socket: number
  readonly numaNode: number
  /** The last level of cache. */
  readonly uncoreCache: number
}

/** Memory that is near to some of the processors. */
export interface NumaNode {
  readonly id: number
  readonly memoryBytes: number
  /** By resource ("hugepages-2Mi"), in bytes. */
  readonly hugePages: Readonly<Record<string, number>>
  /** To each node in order, itself too; 10 is the least. */
  readonly distances: readonly number[]
}

/** How processors and memory lie in a machine. */
export interface MachineTopology {
  readonly processors: readonly Processor[]
  readonly numaNodes: readonly NumaNode[]
}

/** What processors are grouped by. */
export type Level = "core" | "socket" | "numaNode" | "uncoreCache"

export function allCpus({ processors }: MachineTopology): CpuSet {
  return new Set(processors.map(({ id }) => id))
}

/** The groups of a level that these processors are in. */
export function groupsOf(processors: readonly Processor[], level: Level): number[] {
  return [...new Set(processors.map((each) => each[level]))].sort((a, b) => a - b)
}

export function cpusIn(processors: readonly Processor[], level: Level, group: number): CpuSet {
  return new Set(processors.filter((each) => each[level] === group).map(({ id }) => id))
}

/** How many logical processors a core has. */
export function cpusPerCore({ processors }: MachineTopology): number {
  return Math.floor(processors.length / groupsOf(processors, "core").length)
}

/** Of each core that has one of `cpus`, all of them. */
export function wholeCores({ processors }: MachineTopology, cpus: CpuSet): CpuSet {
  const cores = new Set(processors.filter(({ id }) => cpus.has(id)).map(({ core }) => core))
  return new Set(processors.filter(({ core }) => cores.has(core)).map(({ id }) => id))
}
