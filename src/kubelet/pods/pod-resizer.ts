import type { Pod } from "../../api/core/v1/pod.ts"
import type { KubeletServices } from "../kubelet-services.ts"
import { resourceViews } from "./given-resources.ts"
import { findPodContainer } from "./pod-containers.ts"
import type { PodInput, PodState, ResizePending } from "./pod-state.ts"
import { refuseBelowUsage } from "./refuse-below-usage.ts"
import { resizeContainer } from "./resize-container.ts"
import { resizeMessage } from "./resize-message.ts"

export interface PodResizerOptions {
  /** Why the node has no room for what the pod wants now; undefined if it has. */
  readonly judge: (pod: Pod) => Omit<ResizePending, "generation"> | undefined
  readonly state: () => PodState
  readonly handle: (input: PodInput) => void
  readonly event: (type: "Normal" | "Warning", reason: string, message: string) => void
  /** Nobody acts for the pod any more: what fails is not told. */
  readonly isClosed: () => boolean
}

const retryMs = 10_000

/** Asks for room, gives the containers of a pod what its specification says now, and tells how that goes. */
export class PodResizer {
  readonly #services: KubeletServices
  readonly #options: PodResizerOptions
  /** The generation that had to wait for others to go. */
  #deferred: number | undefined

  constructor(services: KubeletServices, options: PodResizerOptions) {
    this.#services = services
    this.#options = options
  }

  judge(): void {
    const { judge, state, handle, event } = this.#options
    const { pod } = state()
    const generation = pod.metadata.generation ?? 0
    const refusal = judge(pod)
    if (refusal) {
      const { reason, message } = refusal
      this.#deferred = reason === "Deferred" ? generation : undefined
      event("Warning", `Resize${reason}`, resizeMessage(pod, reason, message))
      return handle({ kind: "resizeJudged", generation, pending: { ...refusal, generation } })
    }
    if (this.#deferred !== undefined) {
      const trigger = this.#deferred === generation ? "pods_removed" : "pod_updated"
      this.#services.metrics.acceptedDeferredResizes.add(1, trigger)
    }
    this.#deferred = undefined
    event("Normal", "ResizeStarted", resizeMessage(pod, "started"))
    handle({ kind: "resizeJudged", generation })
  }

  async resize(name: string, id: string): Promise<void> {
    const { state, handle, event, isClosed } = this.#options
    const { pod, runtime } = state()
    const before = resourceViews(state()).given
    const container = findPodContainer(pod, name)!.spec
    const sandboxId = runtime.containers.find((each) => each.id === id)?.sandboxId ?? ""
    const { clock, metrics } = this.#services
    const beganMs = clock.monotonic()
    const took = (success: boolean) =>
      metrics.resizeDuration.observe(clock.monotonic() - beganMs, String(success))
    try {
      await this.#refuseBelowUsage(id)
      await resizeContainer(this.#services, { pod, before, container, id, sandboxId })
      took(true)
      const podResources = pod.spec.resources ?? {}
      handle({ kind: "resized", name, id, resources: container.resources ?? {}, podResources })
    } catch (error) {
      if (isClosed()) return
      took(false)
      const { namespace, name: podName, generation = 0 } = pod.metadata
      const message = (error as Error).message
      this.#services.log.warn("container not resized", {
        pod: `${namespace}/${podName}`,
        container: name,
        error,
      })
      event("Warning", "ResizeError", resizeMessage(pod, "error", message))
      const pending = { reason: "Error", message, generation, retryAtMs: clock.now() + retryMs } as const
      handle({ kind: "resizeFailed", name, pending })
    }
  }

  async #refuseBelowUsage(id: string): Promise<void> {
    const state = this.#options.state()
    const usage = await this.#services.host.podUsage(state.pod, [id])
    const refusal = usage && refuseBelowUsage(state, id, usage)
    if (refusal) throw new Error(refusal)
  }
}
