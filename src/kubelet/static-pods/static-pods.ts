import type { Clock } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import { formatKey, keyOf } from "../../apimachinery/meta.ts"
import { ignoreAlreadyExists, ignoreNotFound, isStatusError } from "../../apimachinery/status-error.ts"
import type { Node } from "../../api/core/v1/node.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import type { Client } from "../../client/client.ts"
import type { PodWorkers } from "../pods/pod-workers.ts"
import { mirrorFor, mirrors } from "./static-pod.ts"

/** Where static pods come from. */
export interface StaticPodSource {
  /** All there are now; from then on `changed` is called with all there are, until `signal` aborts. */
  follow(changed: (pods: readonly Pod[]) => void, signal: AbortSignal): Promise<readonly Pod[]>
}

export interface StaticPodsOptions {
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
  readonly node: () => Node | undefined
  readonly workers: () => PodWorkers
  readonly signal: AbortSignal
}

const retryMs = 2000

/** Keeps the mirrors of static pods in the API as they should be, and finds them for whoever has a status to tell. */
export class StaticPods {
  readonly #options: StaticPodsOptions
  readonly #pods = new Map<string, Pod>()
  readonly #mirrors = new Map<string, Pod>()

  constructor(options: StaticPodsOptions) {
    this.#options = options
  }

  /** The pod in the API that shows this one's status; undefined while there is none. */
  findMirror(pod: Pod): Pod | undefined {
    const mirror = this.#mirrors.get(formatKey(keyOf(pod)))
    return mirror && mirrors(mirror, pod) ? mirror : undefined
  }

  /** What the source has now. */
  replace(pods: readonly Pod[]): void {
    const workers = this.#options.workers()
    const wanted = new Map(pods.map((pod) => [formatKey(keyOf(pod)), pod]))
    for (const [key, pod] of this.#pods) {
      if (wanted.get(key)?.metadata.uid === pod.metadata.uid) continue
      this.#pods.delete(key)
      workers.remove(pod.metadata.uid)
      this.#reconcile(key)
    }
    for (const [key, pod] of wanted) {
      if (this.#pods.has(key)) continue
      this.#pods.set(key, pod)
      workers.set(pod)
      this.#reconcile(key)
    }
  }

  /** A mirror pod is new or changed in the API. */
  setMirror(mirror: Pod): void {
    const key = formatKey(keyOf(mirror))
    this.#mirrors.set(key, mirror)
    this.#reconcile(key)
    // Its status may have waited for it.
    const pod = this.#pods.get(key)
    if (pod) this.#options.workers().find(pod.metadata.uid)?.handle({ kind: "timer" })
  }

  removeMirror(mirror: Pod): void {
    const key = formatKey(keyOf(mirror))
    this.#mirrors.delete(key)
    this.#reconcile(key)
  }

  #reconcile(key: string): void {
    const { log, clock, signal } = this.#options
    this.#makeTrue(key).catch((error: unknown) => {
      if (signal.aborted) return
      log.debug("mirror pod not written, trying again", { pod: key, error })
      clock.after(retryMs, () => this.#reconcile(key))
    })
  }

  async #makeTrue(key: string): Promise<void> {
    const { client, node } = this.#options
    const pod = this.#pods.get(key)
    const mirror = this.#mirrors.get(key)
    const isOutdated = mirror && (!pod || !mirrors(mirror, pod) || mirror.metadata.deletionTimestamp)
    if (isOutdated) {
      const { uid } = mirror.metadata
      const options = { gracePeriodSeconds: 0, preconditions: { uid } }
      await client
        .delete(Pod, keyOf(mirror), options)
        .catch(ignoreNotFound)
        .catch((error: unknown) => {
          if (!isStatusError(error, "Conflict")) throw error
        })
    } else if (pod && !mirror) {
      await client.create(Pod, mirrorFor(pod, node())).catch(ignoreAlreadyExists)
    }
  }
}
