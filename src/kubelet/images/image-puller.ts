import type { Clock } from "../../base/clock.ts"
import { quote } from "../../base/quote.ts"
import { formatDuration } from "../../apimachinery/duration.ts"
import type { KubeletConfiguration } from "../configuration/kubelet-configuration.ts"
import type { PullPolicy } from "../../api/core/v1/volume.ts"
import {
  type Image,
  type ImageService,
  isRuntimeError,
  type RegistryAuth,
} from "../../container-runtime/cri.ts"
import { withDefaultTag } from "./image-names.ts"
import { imageSizeLabel, type KubeletMetrics } from "../metrics/kubelet-metrics.ts"
import { Turns } from "./turns.ts"
import { StartError } from "./start-error.ts"

export interface ImageRequest {
  /** As the pod names it. */
  readonly image: string
  readonly policy: PullPolicy
  readonly podUid: string
  /** Tried in turn; anonymous when there are none. */
  readonly credentials: () => Promise<readonly RegistryAuth[]>
  readonly event: (type: "Normal" | "Warning", reason: string, message: string) => void
}

export interface ImagePullerOptions {
  readonly images: ImageService
  readonly configuration: Pick<KubeletConfiguration, "serializeImagePulls" | "maxParallelImagePulls">
  readonly metrics: KubeletMetrics
  readonly clock: Clock
}

interface PullWait {
  pulls: number
  sinceMs: number
  totalMs: number
}

interface PullBackoff {
  readonly delayMs: number
  readonly untilMs: number
  readonly error: string
}

const initialBackoffMs = 10_000
const maxBackoffMs = 300_000

/**
 * Sees to it that an image is there before its container is made, as its pull policy wants it. A pull that failed is tried
 * again after 10 s, doubling to 5 minutes; in between the container waits with "ImagePullBackOff". Pods that want the same
 * image at the same time share one pull.
 */
export class ImagePuller {
  readonly #options: ImagePullerOptions
  readonly #backoffs = new Map<string, PullBackoff>()
  readonly #pulls = new Map<string, Promise<string>>()
  /** For how long pods have waited for images, by UID; pulls at the same time count once. */
  readonly #waits = new Map<string, PullWait>()
  readonly #turns: Turns

  constructor(options: ImagePullerOptions) {
    this.#options = options
    const { serializeImagePulls, maxParallelImagePulls } = options.configuration
    this.#turns = new Turns(serializeImagePulls ? 1 : (maxParallelImagePulls ?? Infinity))
  }

  /** Resolves to the image. Throws StartError. */
  async ensure(request: ImageRequest): Promise<Image> {
    const { image, policy, event } = request
    const name = withDefaultTag(image)
    if (name === undefined) {
      const message = `Failed to apply default image tag ${quote(image)}: couldn't parse image name ${quote(image)}: invalid reference format`
      event("Warning", "InspectFailed", message)
      throw new StartError("InvalidImageName", message)
    }
    const present = await this.#inspect(name, request)
    const mustPull = policy === "Always" || (!present && policy === "IfNotPresent")
    this.#options.metrics.ensuredImages.add(
      1,
      policy.toLowerCase(),
      String(Boolean(present)),
      String(mustPull),
    )
    if (present && policy !== "Always") {
      event(
        "Normal",
        "Pulled",
        `Container image ${quote(image)} already present on machine and can be accessed by the pod`,
      )
      return present
    }
    if (policy === "Never") {
      const message = `Container image ${quote(image)} is not present with pull policy of Never`
      event("Warning", "ErrImageNeverPull", message)
      throw new StartError("ErrImageNeverPull", message)
    }
    return this.#pullWithBackoff(name, request)
  }

  /** The pod is gone: what it waited for does not matter any more. */
  forget(podUid: string): void {
    this.#waits.delete(podUid)
    for (const key of this.#backoffs.keys()) if (key.startsWith(`${podUid} `)) this.#backoffs.delete(key)
  }

  /** For how long a pod has waited for images that were pulled for it. */
  waitedMs(podUid: string): number {
    return this.#waits.get(podUid)?.totalMs ?? 0
  }

  async #waiting<T>(podUid: string, pull: () => Promise<T>): Promise<T> {
    const { clock } = this.#options
    const wait = this.#waits.get(podUid) ?? { pulls: 0, sinceMs: 0, totalMs: 0 }
    this.#waits.set(podUid, wait)
    if (wait.pulls++ === 0) wait.sinceMs = clock.monotonic()
    try {
      return await pull()
    } finally {
      if (--wait.pulls === 0) wait.totalMs += clock.monotonic() - wait.sinceMs
    }
  }

  async #inspect(name: string, { image, event }: ImageRequest): Promise<Image | undefined> {
    try {
      return await this.#options.images.findImage(name)
    } catch (error) {
      const message = `Failed to inspect image ${quote(image)}: ${(error as Error).message}`
      event("Warning", "InspectFailed", message)
      throw new StartError("ImageInspectError", message)
    }
  }

  async #pullWithBackoff(name: string, request: ImageRequest): Promise<Image> {
    const { clock, images, metrics } = this.#options
    const { image, podUid, event } = request
    const key = `${podUid} ${name}`
    const backoff = this.#backoffs.get(key)
    if (backoff && clock.now() < backoff.untilMs) {
      const message = `Back-off pulling image ${quote(image)}`
      event("Normal", "BackOff", message)
      throw new StartError("ImagePullBackOff", `${message}: ErrImagePull: ${backoff.error}`, backoff.untilMs)
    }
    event("Normal", "Pulling", `Pulling image ${quote(image)}`)
    const startedMs = clock.monotonic()
    try {
      await this.#waiting(podUid, () => this.#pullOnce(name, request))
      const pulled = await images.findImage(name)
      if (!pulled) throw new Error(`image ${quote(name)} is not there after it was pulled`)
      this.#backoffs.delete(key)
      const tookSeconds = (clock.monotonic() - startedMs) / 1000
      metrics.imagePullDuration.observe(tookSeconds, imageSizeLabel(pulled.sizeBytes))
      const took = formatDuration(Math.round(clock.monotonic() - startedMs))
      const size = `Image size: ${pulled.sizeBytes} bytes.`
      const message = `Successfully pulled image ${quote(image)} in ${took} (${took} including waiting). ${size}`
      event("Normal", "Pulled", message)
      return pulled
    } catch (error) {
      const message = (error as Error).message
      event("Warning", "Failed", `Failed to pull image ${quote(image)}: ${message}`)
      const delayMs = backoff ? Math.min(backoff.delayMs * 2, maxBackoffMs) : initialBackoffMs
      this.#backoffs.set(key, { delayMs, untilMs: clock.now() + delayMs, error: message })
      // Shown as an error for a moment, then as waiting; the next try is when the wait is over.
      throw new StartError("ErrImagePull", message, clock.now() + Math.min(delayMs, errorShownMs))
    }
  }

  #pullOnce(name: string, { credentials }: ImageRequest): Promise<string> {
    const running = this.#pulls.get(name)
    if (running) return running
    const pull = this.#turns.take(() => this.#pull(name, credentials)).finally(() => this.#pulls.delete(name))
    this.#pulls.set(name, pull)
    return pull
  }

  /** Each credential in turn, until one is let in. */
  async #pull(name: string, credentials: ImageRequest["credentials"]): Promise<string> {
    const { images } = this.#options
    const all = await credentials()
    if (all.length === 0) return images.pullImage(name)
    let refusal: unknown
    for (const auth of all) {
      try {
        return await images.pullImage(name, auth)
      } catch (error) {
        refusal = error
        if (isRuntimeError(error, "Unavailable", "Canceled")) break
      }
    }
    throw refusal
  }
}

const errorShownMs = 5000
