import type { Logger } from "../../base/log.ts"
import type { RuntimeService } from "../../container-runtime/cri.ts"
import type { ContainerLogs } from "../node-host.ts"
import type { PodWorker } from "../pods/pod-worker.ts"
import type { PodWorkers } from "../pods/pod-workers.ts"
import { noRuntimePod } from "../pods/runtime-pod.ts"
import { findUnused } from "./unused-containers.ts"

export interface ContainerCollectorOptions {
  readonly runtime: RuntimeService
  readonly logs: ContainerLogs
  readonly workers: PodWorkers
  readonly log: Logger
}

/** Removes dead containers that nobody needs, with their logs. */
export class ContainerCollector {
  readonly #options: ContainerCollectorOptions

  constructor(options: ContainerCollectorOptions) {
    this.#options = options
  }

  /** What cannot be removed stays, and the rest goes. Resolves to how many have gone. */
  async collect(): Promise<number> {
    const { workers, log } = this.#options
    let removed = 0
    for (const worker of workers.list()) {
      const { name, namespace } = worker.state.pod.metadata
      try {
        removed += await this.#removeUnused(worker)
      } catch (error) {
        log.warn("dead containers not removed", { pod: name, namespace, error })
      }
    }
    return removed
  }

  async #removeUnused(worker: PodWorker): Promise<number> {
    const { runtime, logs, log } = this.#options
    const { containers, sandboxes } = findUnused(worker.state)
    for (const { id, name, logPath } of containers) {
      log.info("removing a dead container", { pod: worker.state.pod.metadata.name, container: name })
      if (logPath) await logs.remove(logPath)
      await runtime.removeContainer(id)
    }
    for (const id of sandboxes) await runtime.removePodSandbox(id)
    if (sandboxes.length > 0) worker.handle({ kind: "observed", runtime: noRuntimePod })
    else if (containers.length > 0)
      worker.handle({ kind: "containersRemoved", ids: containers.map(({ id }) => id) })
    return containers.length
  }
}
