import { type Clock, sleep } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import { isRuntimeError, type RuntimeService } from "../../container-runtime/cri.ts"
import type { PodResources } from "../node-host.ts"
import { findPodContainer } from "../pods/pod-containers.ts"
import type { PodState } from "../pods/pod-state.ts"
import { runningContainers } from "../pods/runtime-pod.ts"

export interface ReconcilerOptions {
  readonly resources: PodResources
  readonly runtime: RuntimeService
  /** Empty as long as it is not known which pods run. */
  readonly pods: () => readonly PodState[]
  readonly periodMs: number
  readonly clock: Clock
  readonly log: Logger
}

/** Sees to it that running containers are on the processors that are theirs; those that are shared change while they run. */
export class CpusetReconciler {
  readonly #options: ReconcilerOptions
  /** By container id. */
  #applied = new Map<string, string>()
  #wake: () => void = () => {}

  constructor(options: ReconcilerOptions) {
    this.#options = options
  }

  /** Something changed: look at once. */
  look(): void {
    this.#wake()
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, periodMs } = this.#options
    while (!signal.aborted) {
      const waiting = new AbortController()
      this.#wake = () => waiting.abort()
      signal.addEventListener("abort", this.#wake, { once: true })
      await this.#reconcile()
      await sleep(clock, periodMs, waiting.signal)
      signal.removeEventListener("abort", this.#wake)
    }
  }

  async #reconcile(): Promise<void> {
    const { resources, runtime, pods, log } = this.#options
    const seen = new Map<string, string>()
    for (const { pod, runtime: shown } of pods()) {
      for (const { id, name } of runningContainers(shown)) {
        const container = findPodContainer(pod, name)?.spec
        const { cpusetCpus } = (container && resources.containerResources(pod, container)) ?? {}
        if (!cpusetCpus) continue
        try {
          if (this.#applied.get(id) !== cpusetCpus) await runtime.updateContainerResources(id, { cpusetCpus })
          seen.set(id, cpusetCpus)
        } catch (error) {
          // It ended meanwhile.
          if (!isRuntimeError(error, "NotFound"))
            log.warn("a container is not on its processors", { container: name, cpus: cpusetCpus, error })
        }
      }
    }
    this.#applied = seen
  }
}
