import type { Container } from "../../../api/core/v1/container.ts"
import type { Pod } from "../../../api/core/v1/pod.ts"
import { quote } from "../../../base/quote.ts"
import { AdmissionError } from "../../node-host.ts"
import { exclusiveCpus, inOrder, isPassing, podDemand } from "../container-demand.ts"
import { type CpuSet, difference, equals, formatCpuSet, intersection, noCpus, union } from "../cpu-set.ts"
import { allCpus, cpusPerCore, type MachineTopology, wholeCores } from "../machine-topology.ts"
import { type HintsByResource, hintsFor, type TopologyHint } from "../topology/topology-hint.ts"
import type { StaticPolicyOptions } from "./policy-options.ts"
import { takeDistributed, takePacked } from "./take-cpus.ts"

/** Who has which processors: by pod and container. */
export type CpuAssignments = ReadonlyMap<string, ReadonlyMap<string, CpuSet>>

export interface CpuState {
  /** Those that everybody shares who has none for themselves. */
  readonly shared: CpuSet
  readonly assignments: CpuAssignments
}

export interface CpuManagerOptions {
  readonly topology: MachineTopology
  readonly options: StaticPolicyOptions
  /** Never given to a container alone. */
  readonly reserved: CpuSet
}

/**
 * The static policy: containers of guaranteed pods that ask for whole processors have them for themselves, all others share
 * the rest (https://kubernetes.io/docs/tasks/administer-cluster/cpu-management-policies/). Nothing here waits or is written
 * down: `state` is what is to be remembered.
 *
 * Invariant: no processor is shared and assigned, and together they are all that there are (with strict reservation: that
 * are not reserved).
 */
export class CpuManager {
  readonly #options: CpuManagerOptions
  #state: CpuState

  /** Throws Error, in upstream's words, if `state` is not one of this machine. */
  constructor(options: CpuManagerOptions, state: CpuState | undefined) {
    this.#options = options
    const usable = this.#usable()
    const isNew = !state || (state.shared.size === 0 && state.assignments.size === 0)
    this.#state = isNew ? { shared: usable, assignments: new Map() } : state
    validateState(this.#state, options, usable)
  }

  get state(): CpuState {
    return this.#state
  }

  /** What a container has for itself. */
  cpusOf(podUid: string, container: string): CpuSet | undefined {
    return this.#state.assignments.get(podUid)?.get(container)
  }

  /** What could be given to containers alone. */
  get allocatable(): CpuSet {
    return difference(allCpus(this.#options.topology), this.#options.reserved)
  }

  hints(pod: Pod, container: Container): HintsByResource {
    const count = exclusiveCpus(pod, container)
    if (count === 0) return {}
    const given = this.cpusOf(pod.metadata.uid, container.name)
    if (given && given.size !== count) return { cpu: [] }
    if (given) return { cpu: this.#hints(given, noCpus, count) }
    return { cpu: this.#hints(this.#available(), this.#reusable(pod, container), count) }
  }

  podHints(pod: Pod): HintsByResource {
    const count = podDemand(pod, (container) => ({ cpu: exclusiveCpus(pod, container) }))["cpu"] ?? 0
    if (count === 0) return {}
    const given = union(...(this.#state.assignments.get(pod.metadata.uid)?.values() ?? []))
    if (given.size > 0) return { cpu: given.size === count ? this.#hints(given, noCpus, count) : [] }
    return { cpu: this.#hints(this.#available(), noCpus, count) }
  }

  /** Gives a container its processors, from the NUMA nodes of `affinity` first. Throws. What it has already it keeps. */
  allocate(pod: Pod, container: Container, affinity: CpuSet | undefined): void {
    const count = exclusiveCpus(pod, container)
    if (count === 0) return
    this.#refuseMisaligned(count)
    const { uid } = pod.metadata
    if (this.cpusOf(uid, container.name)) return
    const available = union(this.#available(), this.#reusable(pod, container))
    const aligned = affinity ? this.#inNodes(available, affinity) : noCpus
    const near = this.#take(aligned, Math.min(count, aligned.size))
    const rest = this.#take(difference(available, near), count - near.size)
    this.#assign(uid, container.name, union(near, rest))
  }

  /** Whether it held anything. */
  free(podUid: string): boolean {
    const own = this.#state.assignments.get(podUid)
    if (!own) return false
    const assignments = new Map(this.#state.assignments)
    assignments.delete(podUid)
    this.#state = { shared: union(this.#state.shared, ...own.values()), assignments }
    return true
  }

  #usable(): CpuSet {
    const { topology, options, reserved } = this.#options
    return options.strictReservation ? difference(allCpus(topology), reserved) : allCpus(topology)
  }

  #available(): CpuSet {
    return difference(this.#state.shared, this.#options.reserved)
  }

  /** What init containers before it had. */
  #reusable(pod: Pod, container: Container): CpuSet {
    let reusable: CpuSet = noCpus
    for (const each of inOrder(pod)) {
      if (each === container) break
      const cpus = this.cpusOf(pod.metadata.uid, each.name)
      if (cpus) reusable = isPassing(pod, each) ? union(reusable, cpus) : difference(reusable, cpus)
    }
    return reusable
  }

  #assign(podUid: string, container: string, cpus: CpuSet): void {
    const own = new Map(this.#state.assignments.get(podUid)).set(container, cpus)
    this.#state = {
      shared: difference(this.#state.shared, cpus),
      assignments: new Map(this.#state.assignments).set(podUid, own),
    }
  }

  #take(available: CpuSet, count: number): CpuSet {
    const { topology, options } = this.#options
    if (!options.distributeAcrossNuma) return takePacked(topology, available, count, options)
    const groupSize = options.fullPhysicalCpusOnly ? cpusPerCore(topology) : 1
    return takeDistributed(topology, available, count, groupSize)
  }

  #inNodes(cpus: CpuSet, nodes: CpuSet): CpuSet {
    const { processors } = this.#options.topology
    return intersection(
      cpus,
      new Set(processors.filter((each) => nodes.has(each.numaNode)).map(({ id }) => id)),
    )
  }

  #refuseMisaligned(count: number): void {
    const { topology, options, reserved } = this.#options
    if (!options.fullPhysicalCpusOnly) return
    const perCore = cpusPerCore(topology)
    if (count % perCore !== 0)
      throw misaligned(`requested ${count} cpus not multiple cpus per core = ${perCore}`)
    const whole = difference(this.#state.shared, wholeCores(topology, reserved))
    if (count > whole.size)
      throw misaligned(
        `not enough free physical CPUs: available physical CPUs = ${whole.size}, requested CPUs = ${count}, CPUs per core = ${perCore}`,
      )
  }

  #hints(available: CpuSet, reusable: CpuSet, count: number): TopologyHint[] {
    const { topology } = this.#options
    const all = allCpus(topology)
    return hintsFor(
      topology.numaNodes.map(({ id }) => id),
      (nodes) => {
        const again = this.#inNodes(reusable, nodes)
        return {
          ever: this.#inNodes(all, nodes).size >= count,
          // What can be used again is: no other nodes will do.
          now: again.size === reusable.size && this.#inNodes(available, nodes).size + again.size >= count,
        }
      },
    )
  }
}

function misaligned(why: string): AdmissionError {
  return new AdmissionError("SMTAlignmentError", `Pod was rejected: SMT Alignment Error: ${why}`)
}

function validateState(
  { shared, assignments }: CpuState,
  { options, reserved }: CpuManagerOptions,
  usable: CpuSet,
): void {
  if (shared.size === 0) throw new Error("default cpuset cannot be empty")
  const kept = intersection(reserved, shared)
  const text = (cpus: CpuSet) => quote(formatCpuSet(cpus))
  if (options.strictReservation && kept.size > 0)
    throw new Error(
      `some of strictly reserved cpus: ${text(kept)} are present in defaultCpuSet: ${text(shared)}`,
    )
  if (!options.strictReservation && kept.size !== reserved.size)
    throw new Error(`not all reserved cpus: ${text(reserved)} are present in defaultCpuSet: ${text(shared)}`)
  for (const [pod, containers] of assignments)
    for (const [container, cpus] of containers)
      if (intersection(cpus, shared).size > 0)
        throw new Error(
          `pod: ${pod}, container: ${container} cpuset: ${text(cpus)} overlaps with default cpuset ${text(shared)}`,
        )
  const known = union(shared, ...[...assignments.values()].flatMap((containers) => [...containers.values()]))
  if (!equals(known, usable))
    throw new Error(
      `current set of available CPUs ${text(usable)} doesn't match with CPUs in state ${text(known)}`,
    )
}
