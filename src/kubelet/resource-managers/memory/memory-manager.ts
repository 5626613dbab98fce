import type { Container } from "../../../api/core/v1/container.ts"
import type { Pod } from "../../../api/core/v1/pod.ts"
import { exclusiveMemory, inOrder, isExclusive, isPassing, podDemand } from "../container-demand.ts"
import { type CpuSet, isSubset, sorted } from "../cpu-set.ts"
import type { MachineTopology } from "../machine-topology.ts"
import { type HintsByResource, hintsFor, isNarrower, type TopologyHint } from "../topology/topology-hint.ts"
import {
  emptyMachine,
  type MachineMemory,
  type MemoryAssignments,
  type MemoryBlock,
  machineWith,
  type ReservedMemory,
} from "./machine-memory.ts"

export interface MemoryManagerOptions {
  readonly topology: MachineTopology
  /** Of each NUMA node, by resource: not for pods. */
  readonly reserved: ReservedMemory
}

/**
 * The static policy: containers of guaranteed pods have their memory from certain NUMA nodes, as few as will do, and nodes
 * that are used together are used by nobody else (https://kubernetes.io/docs/tasks/administer-cluster/memory-manager/).
 * Nothing here waits or is written down: `assignments` is what is to be remembered.
 */
export class MemoryManager {
  readonly #options: MemoryManagerOptions
  #assignments: MemoryAssignments
  #machine: MachineMemory

  /** Throws Error, in upstream's words, if the assignments are not of this machine. */
  constructor(options: MemoryManagerOptions, assignments: MemoryAssignments = new Map()) {
    this.#options = options
    this.#assignments = assignments
    this.#machine = machineWith(this.#empty(), assignments)
  }

  get assignments(): MemoryAssignments {
    return this.#assignments
  }

  /** What is free and what is taken of each node. */
  get machine(): MachineMemory {
    return this.#machine
  }

  blocksOf(podUid: string, container: string): readonly MemoryBlock[] {
    return this.#assignments.get(podUid)?.get(container) ?? []
  }

  /** What could be given to pods, by node and resource. */
  get allocatable(): readonly MemoryBlock[] {
    return [...this.#empty()].flatMap(([node, { memory }]) =>
      Object.entries(memory).flatMap(([type, { allocatable }]) =>
        allocatable > 0 ? [{ nodes: [node], type, size: allocatable }] : [],
      ),
    )
  }

  hints(pod: Pod, container: Container): HintsByResource {
    if (!isExclusive(pod)) return {}
    const given = this.#assignments.get(pod.metadata.uid)?.get(container.name)
    const demand = exclusiveMemory(container)
    return given
      ? hintsOfGiven(given, demand, isPassing(pod, container))
      : this.#hints(demand, this.#reusable(pod, container))
  }

  podHints(pod: Pod): HintsByResource {
    if (!isExclusive(pod)) return {}
    const demand = podDemand(pod, exclusiveMemory)
    const given = this.#assignments.get(pod.metadata.uid)?.values().next().value
    if (!given) return this.#hints(demand, () => 0)
    const nodes = new Set(given[0]?.nodes)
    return Object.fromEntries(Object.keys(demand).map((type) => [type, [{ nodes, preferred: true }]]))
  }

  /** Gives a container its memory, from the nodes of `affinity` if they have it. Throws. What it has already it keeps. */
  allocate(pod: Pod, container: Container, affinity: TopologyHint): void {
    if (!isExclusive(pod)) return
    const { uid } = pod.metadata
    if (this.#assignments.get(uid)?.has(container.name)) return
    const demand = exclusiveMemory(container)
    const reusable = this.#reusable(pod, container)
    const { nodes } = this.#choose(demand, reusable, affinity)
    const inOrderOfNumbers = sorted(nodes!)
    const blocks = Object.entries(demand).map(([type, size]) => ({ nodes: inOrderOfNumbers, type, size }))
    const own = new Map(this.#assignments.get(uid))
    for (const block of blocks) this.#takeOver(pod, container, own, block)
    this.#set(uid, own.set(container.name, blocks))
  }

  /** Whether it held anything. */
  free(podUid: string): boolean {
    if (!this.#assignments.has(podUid)) return false
    this.#set(podUid, undefined)
    return true
  }

  #set(podUid: string, containers: ReadonlyMap<string, readonly MemoryBlock[]> | undefined): void {
    const assignments = new Map(this.#assignments)
    if (containers) assignments.set(podUid, containers)
    else assignments.delete(podUid)
    this.#assignments = assignments
    this.#machine = machineWith(this.#empty(), assignments)
  }

  #empty(): MachineMemory {
    return emptyMachine(this.#options.topology, this.#options.reserved)
  }

  #choose(demand: Demand, reusable: Reusable, affinity: TopologyHint): TopologyHint {
    let chosen = affinity
    if (!chosen.nodes) {
      const best = findBest(this.#hints(demand, reusable)["memory"])
      if (!best)
        throw new Error(
          "[memorymanager] failed to get the default NUMA affinity, no NUMA nodes with enough memory is available",
        )
      if (!best.preferred && affinity.preferred)
        throw new Error("[memorymanager] failed to find the default preferred hint")
      chosen = best
    }
    if (!this.#hasFree(chosen.nodes!, demand, reusable)) chosen = this.#extend(demand, reusable, chosen)
    if (this.#isViolating(chosen.nodes!))
      throw new Error("[memorymanager] preferred hint violates NUMA node allocation")
    return chosen
  }

  /** More nodes, with those that were chosen among them. */
  #extend(demand: Demand, reusable: Reusable, { nodes, preferred }: TopologyHint): TopologyHint {
    const wider = this.#hints(demand, reusable)["memory"]?.filter((hint) => isSubset(nodes!, hint.nodes!))
    const best = findBest(wider)
    if (!best)
      throw new Error("[memorymanager] failed to find NUMA nodes to extend the current topology hint")
    if (!best.preferred && preferred)
      throw new Error("[memorymanager] failed to find the extended preferred hint")
    return best
  }

  #hasFree(nodes: CpuSet, demand: Demand, reusable: Reusable): boolean {
    return Object.entries(demand).every(
      ([type, size]) => this.#sum(nodes, type, "free") + reusable(nodes, type) >= size,
    )
  }

  #sum(nodes: CpuSet, type: string, what: "free" | "allocatable"): number {
    return [...nodes].reduce((sum, node) => sum + (this.#machine.get(node)?.memory[type]?.[what] ?? 0), 0)
  }

  /** Who has memory of one node alone does not share it with who has memory of several, nor do different groups. */
  #isViolating(nodes: CpuSet): boolean {
    if (nodes.size === 1) return false
    const wanted = sorted(nodes).join()
    return [...nodes].some((node) => {
      const { assignments, cells } = this.#machine.get(node)!
      return assignments > 0 && (cells.length === 1 || cells.join() !== wanted)
    })
  }

  #hints(demand: Demand, reusable: Reusable): HintsByResource {
    const hints = hintsFor([...this.#machine.keys()], (nodes) => {
      const ever = Object.entries(demand).every(
        ([type, size]) => this.#sum(nodes, type, "allocatable") >= size,
      )
      const [only] = nodes
      const isOfGroup = nodes.size === 1 && this.#machine.get(only!)!.cells.length > 1
      const now = ever && !isOfGroup && !this.#isViolating(nodes) && this.#hasFree(nodes, demand, reusable)
      return { ever, now }
    })
    // Where nothing can be had there is nothing to choose from; the allocation says what is missing, as in upstream.
    return hints.length === 0 ? {} : Object.fromEntries(Object.keys(demand).map((type) => [type, hints]))
  }

  /** What init containers before it had of just these nodes. */
  #reusable(pod: Pod, container: Container): Reusable {
    const before = inOrder(pod).slice(0, inOrder(pod).indexOf(container))
    const passing = before.filter((each) => isPassing(pod, each))
    const blocks = passing.flatMap(({ name }) => this.blocksOf(pod.metadata.uid, name))
    return (nodes, type) =>
      blocks
        .filter((block) => block.type === type && block.nodes.join() === sorted(nodes).join())
        .reduce((sum, { size }) => sum + size, 0)
  }

  /** What a container uses again of an init container's is not counted twice. */
  #takeOver(
    pod: Pod,
    container: Container,
    own: Map<string, readonly MemoryBlock[]>,
    { nodes, type, size }: MemoryBlock,
  ): void {
    let left = size
    for (const each of inOrder(pod)) {
      if (each === container || left === 0) return
      if (!isPassing(pod, each)) continue
      const blocks = own.get(each.name)?.map((block) => {
        if (block.type !== type || block.nodes.join() !== nodes.join()) return block
        const again = Math.min(block.size, left)
        left -= again
        return { ...block, size: block.size - again }
      })
      if (blocks) own.set(each.name, blocks)
    }
  }
}

type Demand = Readonly<Record<string, number>>
type Reusable = (nodes: CpuSet, type: string) => number

/** Of an init container's memory others may have a part by now. */
function hintsOfGiven(given: readonly MemoryBlock[], demand: Demand, mayBeLess: boolean): HintsByResource {
  const hints = Object.entries(demand).map(([type, size]) => {
    const block = given.find((each) => each.type === type)
    if (!block || (block.size !== size && !mayBeLess)) return [type, []] as const
    return [type, [{ nodes: new Set(block.nodes), preferred: true }]] as const
  })
  return Object.fromEntries(hints)
}

function findBest(hints: readonly TopologyHint[] = []): TopologyHint | undefined {
  let best: TopologyHint | undefined
  for (const hint of hints) {
    const isBetter =
      !best ||
      (hint.preferred && !best.preferred) ||
      (hint.preferred === best.preferred && isNarrower(hint.nodes!, best.nodes!))
    if (isBetter) best = hint
  }
  return best
}
