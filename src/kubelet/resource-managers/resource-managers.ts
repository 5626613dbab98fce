import type { Container } from "../../api/core/v1/container.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { Clock } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import type { LinuxContainerResources } from "../../container-runtime/cri.ts"
import type { KubeletMetrics } from "../metrics/kubelet-metrics.ts"
import { AdmissionError, type PodResources } from "../node-host.ts"
import { exclusiveCpus, isExclusive } from "./container-demand.ts"
import type { CpuManager } from "./cpu/cpu-manager.ts"
import { type CpuSet, formatCpuSet } from "./cpu-set.ts"
import type { MemoryManager } from "./memory/memory-manager.ts"
import { type MergeOptions, mergeHints } from "./topology/merge-hints.ts"
import type { HintsByResource, TopologyHint } from "./topology/topology-hint.ts"

/** Devices of plugins, as far as it matters where in the machine they are. */
export interface PlacedDevices {
  hints(pod: Pod, container: Container): HintsByResource
  podHints(pod: Pod): HintsByResource
  /**
   * Gives each container its devices, one after the other; `affinityOf` is asked before each from which NUMA nodes they
   * should be. Throws AdmissionError.
   */
  allocate(
    pod: Pod,
    isRunning: boolean,
    affinityOf: (container: Container) => CpuSet | undefined,
  ): Promise<void>
  free(podUid: string): Promise<void>
}

export interface ResourceManagersOptions {
  /** Undefined: everybody shares all processors. */
  readonly cpu: CpuManager | undefined
  /** Undefined: memory is from anywhere. */
  readonly memory: MemoryManager | undefined
  readonly devices: PlacedDevices
  readonly merging: MergeOptions
  readonly scope: "container" | "pod"
  /** Writes down who has what. */
  readonly save: () => Promise<void>
  /** Those who share processors share others now. */
  readonly changed: () => void
  readonly metrics: KubeletMetrics
  readonly clock: Clock
  readonly log: Logger
}

/** Any nodes will do, and nothing is known to be better. */
const anywhere: TopologyHint = { nodes: undefined, preferred: false }

/** Gives containers processors, memory and devices that lie near to each other, as the topology manager's policy wants it. */
export class ResourceManagers implements PodResources {
  readonly #options: ResourceManagersOptions
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: ResourceManagersOptions) {
    this.#options = options
    this.#measure()
  }

  /** One pod after the other: two must not be given the same. */
  allocate(pod: Pod, isRunning: boolean): Promise<void> {
    const turn = this.#turn.then(() => (isRunning ? this.#adopt(pod) : this.#admit(pod)))
    this.#turn = turn.catch(() => {})
    return turn
  }

  free(podUid: string): Promise<void> {
    const turn = this.#turn.then(async () => {
      const { cpu, memory, devices } = this.#options
      await devices.free(podUid)
      const held = [cpu?.free(podUid), memory?.free(podUid)]
      if (held.includes(true)) await this.#keep()
    })
    this.#turn = turn.catch(() => {})
    return turn
  }

  /** Forgets pods that are no more; `isKnown` are those that are. */
  async forgetOthers(isKnown: (podUid: string) => boolean): Promise<void> {
    const { cpu, memory, log } = this.#options
    const held = new Set([...(cpu?.state.assignments.keys() ?? []), ...(memory?.assignments.keys() ?? [])])
    for (const podUid of held) {
      if (isKnown(podUid)) continue
      log.info("a pod that is no more held processors or memory", { podUid })
      await this.free(podUid)
    }
  }

  containerResources({ metadata }: Pod, { name }: Container): LinuxContainerResources {
    const { cpu, memory } = this.#options
    const nodes = memory?.blocksOf(metadata.uid, name).flatMap((block) => block.nodes) ?? []
    return {
      ...(cpu && { cpusetCpus: formatCpuSet(cpu.cpusOf(metadata.uid, name) ?? cpu.state.shared) }),
      ...(nodes.length > 0 && { cpusetMems: formatCpuSet(new Set(nodes)) }),
    }
  }

  /** It runs: what it has cannot be refused any more. */
  async #adopt(pod: Pod): Promise<void> {
    await this.#options.devices.allocate(pod, true, (container) => {
      try {
        this.#give(pod, container, anywhere)
      } catch (error) {
        const { log } = this.#options
        log.warn("a running container has nothing for itself", { container: container.name, error })
      }
      return undefined
    })
    await this.#keep()
  }

  async #admit(pod: Pod): Promise<void> {
    const { merging, scope, cpu, memory, devices, metrics, clock } = this.#options
    const isMerging = merging.policy !== "none"
    const beganMs = clock.monotonic()
    if (isMerging) metrics.topologyAdmissions.add(1)
    try {
      const common = isMerging && scope === "pod" ? this.#merge(this.#podHints(pod), scope) : undefined
      await devices.allocate(pod, false, (container) => {
        const hint = common ?? (isMerging ? this.#merge(this.#hints(pod, container), scope) : anywhere)
        this.#give(pod, container, hint)
        return hint.nodes
      })
    } catch (error) {
      if (isMerging) metrics.topologyAdmissionErrors.add(1)
      cpu?.free(pod.metadata.uid)
      memory?.free(pod.metadata.uid)
      throw error
    } finally {
      if (isMerging) metrics.topologyAdmissionDuration.observe(clock.monotonic() - beganMs)
      await this.#keep()
    }
  }

  #hints(pod: Pod, container: Container): HintsByResource[] {
    const { cpu, memory, devices } = this.#options
    const own = [cpu?.hints(pod, container), memory?.hints(pod, container)]
    return [devices.hints(pod, container), ...own.map((hints) => hints ?? {})]
  }

  #podHints(pod: Pod): HintsByResource[] {
    const { cpu, memory, devices } = this.#options
    return [devices.podHints(pod), cpu?.podHints(pod) ?? {}, memory?.podHints(pod) ?? {}]
  }

  #merge(hints: readonly HintsByResource[], scope: string): TopologyHint {
    const { merging, metrics } = this.#options
    const { hint, admit } = mergeHints(hints, merging)
    const isGuaranteed = merging.policy === "single-numa-node"
    if (isGuaranteed && admit) metrics.alignedContainers.add(1, scope, "numa_node")
    if (isGuaranteed && !admit) metrics.misalignedContainers.add(1, scope, "numa_node")
    if (admit) return hint
    const message = "Pod was rejected: Resources cannot be allocated with Topology locality"
    throw new AdmissionError("TopologyAffinityError", message)
  }

  #give(pod: Pod, container: Container, hint: TopologyHint): void {
    const { cpu, memory, metrics } = this.#options
    if (cpu && exclusiveCpus(pod, container) > 0) {
      metrics.cpuPinnings.add(1)
      counting(
        () => cpu.allocate(pod, container, hint.nodes),
        () => metrics.cpuPinningErrors.add(1),
      )
    }
    if (memory && isExclusive(pod)) {
      metrics.memoryPinnings.add(1)
      counting(
        () => memory.allocate(pod, container, hint),
        () => metrics.memoryPinningErrors.add(1),
      )
    }
  }

  async #keep(): Promise<void> {
    const { cpu, memory, save, changed } = this.#options
    if (!cpu && !memory) return
    await save()
    this.#measure()
    changed()
  }

  #measure(): void {
    const { cpu, metrics } = this.#options
    if (!cpu) return
    const given = [...cpu.state.assignments.values()].flatMap((containers) => [...containers.values()])
    metrics.sharedPoolSize.set(cpu.state.shared.size * 1000)
    metrics.exclusiveCpus.set(new Set(given.flatMap((cpus) => [...cpus])).size)
  }
}

function counting(work: () => void, failed: () => void): void {
  try {
    work()
  } catch (error) {
    failed()
    throw error
  }
}
