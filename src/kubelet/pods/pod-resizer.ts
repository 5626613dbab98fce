import type { Pod } from "../../api/core/v1/pod.ts"
import type { KubeletServices } from "../kubelet-services.ts"
import { findPodContainer } from "./pod-containers.ts"
import type { PodInput, PodState, ResizePending } from "./pod-state.ts"
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

/** Gives the containers of a pod what its specification says now, one by one, and tells how that goes. */
export class PodResizer {
  readonly #services: KubeletServices
  readonly #options: PodResizerOptions
  /** The generation whose requests and limits are being given to its containers. */
  #resizing: number | undefined

  constructor(services: KubeletServices, options: PodResizerOptions) {
    this.#services = services
    this.#options = options
  }

  async resize(name: string, id: string): Promise<void> {
    const { judge, state, handle, event, isClosed } = this.#options
    const { pod } = state()
    const container = findPodContainer(pod, name)!.spec
    const generation = pod.metadata.generation ?? 0
    const rejection = judge(pod)
    if (rejection) {
      const { reason, message } = rejection
      event("Warning", `Resize${reason}`, resizeMessage(pod, reason, message))
      return handle({ kind: "resizeFailed", name, pending: { ...rejection, generation } })
    }
    // Of several containers the first to be changed begins it.
    if (this.#resizing !== generation) event("Normal", "ResizeStarted", resizeMessage(pod, "started"))
    this.#resizing = generation
    try {
      await resizeContainer(this.#services, pod, container, id)
      handle({ kind: "resized", name, id, resources: container.resources ?? {} })
      this.#noteResized(pod)
    } catch (error) {
      if (isClosed()) return
      const { namespace, name: podName } = pod.metadata
      const message = (error as Error).message
      this.#services.log.warn("container not resized", {
        pod: `${namespace}/${podName}`,
        container: name,
        error,
      })
      event("Warning", "ResizeError", resizeMessage(pod, "error", message))
      handle({ kind: "resizeFailed", name, pending: { reason: "Error", message, generation } })
    }
  }

  /** The last of several containers to be changed ends it. */
  #noteResized(pod: Pod): void {
    const { state, event } = this.#options
    if (Object.values(state().containers).some(({ kind }) => kind === "resizing")) return
    this.#resizing = undefined
    event("Normal", "ResizeCompleted", resizeMessage(pod, "completed"))
  }
}
