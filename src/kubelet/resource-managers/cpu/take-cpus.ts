import { type CpuSet, sorted, union } from "../cpu-set.ts"
import {
  cpusIn,
  cpusPerCore,
  groupsOf,
  type Level,
  type MachineTopology,
  type Processor,
} from "../machine-topology.ts"
import { choose } from "../topology/topology-hint.ts"

export interface TakeOptions {
  /** Processors of one cache where they fit into one. */
  readonly alignByUncoreCache?: boolean
}

/**
 * `count` of the available processors, packed as tightly as they lie: whole NUMA nodes and sockets first, then whole cores,
 * then single processors, always from where the least is left. Throws Error in upstream's words where there are too few.
 * Pure.
 */
export function takePacked(
  topology: MachineTopology,
  available: CpuSet,
  count: number,
  options: TakeOptions = {},
): CpuSet {
  if (count < 1) return new Set()
  if (count > available.size) throw notEnough(count, available)
  const picking = new Picking(topology, available, count)
  const [first, second] = picking.order
  picking.takeWhole(first)
  picking.takeWhole(second)
  if (options.alignByUncoreCache) picking.takeOfUncoreCaches()
  picking.takeWhole("core")
  picking.takeSingle()
  return picking.taken
}

/**
 * As evenly over as few NUMA nodes as can hold them, in groups of `groupSize` (a core's processors, or one). What cannot be
 * spread like that is packed. Pure.
 */
export function takeDistributed(
  topology: MachineTopology,
  available: CpuSet,
  count: number,
  groupSize: number,
): CpuSet {
  if (count % groupSize !== 0) return takePacked(topology, available, count)
  if (count < 1) return new Set()
  if (count > available.size) throw notEnough(count, available)
  const spread = planSpread(topology, available, { count, groupSize })
  if (!spread) return takePacked(topology, available, count)
  let taken: CpuSet = new Set()
  for (const [node, share] of spread) {
    const ofNode = new Set(
      topology.processors
        .filter(({ id, numaNode }) => numaNode === node && available.has(id))
        .map(({ id }) => id),
    )
    taken = union(taken, takePacked(topology, ofNode, share))
  }
  return taken
}

function notEnough(count: number, available: CpuSet): Error {
  return new Error(
    `not enough cpus available to satisfy request: requested=${count}, available=${available.size}`,
  )
}

class Picking {
  readonly #topology: MachineTopology
  #left: readonly Processor[]
  #missing: number
  taken: CpuSet = new Set()
  /** The wider of the two levels comes first. */
  readonly order: readonly [Level, Level]

  constructor(topology: MachineTopology, available: CpuSet, count: number) {
    this.#topology = topology
    this.#left = topology.processors.filter(({ id }) => available.has(id))
    this.#missing = count
    const { processors } = topology
    const numaIsWider = groupsOf(processors, "socket").length >= groupsOf(processors, "numaNode").length
    this.order = numaIsWider ? ["numaNode", "socket"] : ["socket", "numaNode"]
  }

  /** Groups of which nothing is taken yet, as long as all of one is needed. */
  takeWhole(level: Level): void {
    const free = this.#groups(level).filter((group) => this.#isFree(level, group))
    for (const group of free) {
      const cpus = cpusIn(this.#topology.processors, level, group)
      if (this.#missing > 0 && this.#missing >= cpus.size) this.#take(cpus)
    }
  }

  takeOfUncoreCaches(): void {
    const usual = this.#topology.processors.length / groupsOf(this.#topology.processors, "uncoreCache").length
    for (const cache of this.#groups("uncoreCache")) {
      if (this.#missing > 0 && this.#missing >= Math.floor(usual)) this.takeWhole("uncoreCache")
      if (this.#missing > 0) this.#takeOfOneCache(cache)
    }
  }

  /** Whole cores of one cache, if they are all that is missing. */
  #takeOfOneCache(cache: number): void {
    const perCore = cpusPerCore(this.#topology)
    const ofCache = this.#left.filter(({ uncoreCache }) => uncoreCache === cache)
    const cores = groupsOf(ofCache, "core").slice(0, Math.ceil(this.#missing / perCore))
    const cpus = sorted(cores.flatMap((core) => [...cpusIn(this.#left, "core", core)]))
    const isOdd = this.#missing % 2 !== 0 && perCore > 1 && cpus.length > this.#missing
    const wanted = isOdd ? cpus.slice(0, -1) : cpus
    if (wanted.length === this.#missing) this.#take(new Set(wanted))
  }

  takeSingle(): void {
    const inOrder = this.#groups("core").flatMap((core) => sorted(cpusIn(this.#left, "core", core)))
    this.#take(new Set(inOrder.slice(0, this.#missing)))
  }

  #take(cpus: CpuSet): void {
    this.taken = union(this.taken, cpus)
    this.#left = this.#left.filter(({ id }) => !cpus.has(id))
    this.#missing -= cpus.size
  }

  #isFree(level: Level, group: number): boolean {
    return cpusIn(this.#left, level, group).size === cpusIn(this.#topology.processors, level, group).size
  }

  /** Where the least is left comes first, level by level from the outside. */
  #groups(level: Level): number[] {
    const [first, second] = this.order
    if (level === first) return this.#byRest(groupsOf(this.#left, level), level)
    const outer = level === second ? first : level === "core" ? second : "numaNode"
    const inside = this.#groups(outer).flatMap((group) => {
      const within = this.#left.filter((each) => each[outer] === group)
      return this.#byRest(groupsOf(within, level), level)
    })
    return [...new Set(inside)]
  }

  #byRest(groups: number[], level: Level): number[] {
    const rest = (group: number) => cpusIn(this.#left, level, group).size
    return groups.sort((a, b) => rest(a) - rest(b) || a - b)
  }
}

interface SpreadDemand {
  readonly count: number
  readonly groupSize: number
}

/** How many processors come from which NUMA node; undefined where no even way is. */
function planSpread(
  { processors }: MachineTopology,
  available: CpuSet,
  { count, groupSize }: SpreadDemand,
): Map<number, number> | undefined {
  const left = processors.filter(({ id }) => available.has(id))
  const free = new Map(groupsOf(left, "numaNode").map((node) => [node, cpusIn(left, "numaNode", node).size]))
  const nodes = [...free.keys()].sort((a, b) => free.get(a)! - free.get(b)! || a - b)
  const groupsPerNode = Math.ceil(
    Math.ceil(processors.length / groupSize) / groupsOf(processors, "numaNode").length,
  )
  const groups = count / groupSize
  const most = Math.min(groups, nodes.length)
  for (let size = Math.ceil(groups / groupsPerNode); size <= most; size++) {
    let best: { readonly shares: Map<number, number>; readonly unevenness: number } | undefined
    for (const chosen of choose(nodes, size)) {
      for (const shares of sharesOf(chosen, free, { count, groupSize })) {
        const rest = nodes.map((node) => free.get(node)! - (shares.get(node) ?? 0))
        const unevenness = standardDeviation(rest)
        if (!best || unevenness < best.unevenness) best = { shares, unevenness }
      }
    }
    if (best) return best.shares
  }
  return undefined
}

/** The ways to spread `count` over the chosen nodes: each gets as much, and what does not divide goes to some of them. */
function* sharesOf(
  chosen: readonly number[],
  free: ReadonlyMap<number, number>,
  { count, groupSize }: SpreadDemand,
): Generator<Map<number, number>> {
  const groupsFree = chosen.reduce((sum, node) => sum + Math.floor(free.get(node)! / groupSize), 0)
  if (groupsFree * groupSize < count) return
  const each = Math.floor(count / chosen.length / groupSize) * groupSize
  if (chosen.some((node) => free.get(node)! < each)) return
  const even = new Map(chosen.map((node) => [node, each]))
  const remainder = count - each * chosen.length
  if (remainder === 0) return void (yield even)
  const roomy = chosen.filter((node) => free.get(node)! - each >= groupSize)
  for (let size = roomy.length; size >= 1; size--) {
    for (const subset of choose(roomy, size)) {
      const shares = shareRemainder(subset, even, { free, remainder, groupSize })
      if (shares) yield shares
    }
  }
}

function shareRemainder(
  subset: readonly number[],
  even: ReadonlyMap<number, number>,
  { free, remainder, groupSize }: { free: ReadonlyMap<number, number>; remainder: number; groupSize: number },
): Map<number, number> | undefined {
  const shares = new Map(even)
  let missing = remainder
  for (let progress = true; missing > 0 && progress; ) {
    progress = false
    for (const node of subset) {
      if (missing === 0 || free.get(node)! - shares.get(node)! < groupSize) continue
      shares.set(node, shares.get(node)! + groupSize)
      missing -= groupSize
      progress = true
    }
  }
  return missing === 0 ? shares : undefined
}

function standardDeviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return Math.round(Math.sqrt(squares / values.length) * 1000) / 1000
}
