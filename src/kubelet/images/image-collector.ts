import { type Clock, sleep } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import type { Image, ImageService } from "../../container-runtime/cri.ts"
import { parseDuration } from "../../apimachinery/duration.ts"
import type { KubeletConfiguration } from "../configuration/kubelet-configuration.ts"
import type { KubeletMetrics } from "../metrics/kubelet-metrics.ts"
import type { FilesystemSpace } from "../node-host.ts"
import { podContainers } from "../pods/pod-containers.ts"
import type { PodState } from "../pods/pod-state.ts"
import { planImageSpace, tooLittleFreed } from "./plan-image-space.ts"
import { type ImageRecord, noteImages, planImageCollection } from "./plan-image-collection.ts"

export interface ImageCollectorOptions {
  readonly images: ImageService
  readonly configuration: Pick<
    KubeletConfiguration,
    "imageMinimumGCAge" | "imageMaximumGCAge" | "imageGCHighThresholdPercent" | "imageGCLowThresholdPercent"
  >
  readonly metrics: KubeletMetrics
  readonly pods: () => readonly PodState[]
  readonly space: () => Promise<FilesystemSpace>
  readonly clock: Clock
  readonly log: Logger
  readonly warn: (reason: string, message: string) => void
}

const periodMs = 300_000

/** Removes images that nobody uses when the disk is fuller than the upper threshold, until it is at the lower one. */
export class ImageCollector {
  readonly #options: ImageCollectorOptions
  #records: Map<string, ImageRecord> = new Map()

  constructor(options: ImageCollectorOptions) {
    this.#options = options
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, log, warn, configuration } = this.#options
    const { imageGCHighThresholdPercent, imageMaximumGCAge } = configuration
    if (imageGCHighThresholdPercent === 100 && parseDuration(imageMaximumGCAge) === 0) return
    let hasFailed = false
    while (!signal.aborted) {
      try {
        await this.#look()
        hasFailed = false
      } catch (error) {
        log.warn("images not collected", { error })
        // Once is no reason to worry: a node that has just begun may not know its disk.
        if (hasFailed) warn("ImageGCFailed", (error as Error).message)
        hasFailed = true
      }
      await sleep(clock, periodMs, signal)
    }
  }

  /**
   * Removes images that nobody uses, as many as are needed to free `wantedBytes`, and all that were not used for too long;
   * resolves to what was freed.
   */
  async collect(wantedBytes: number): Promise<number> {
    const { images, configuration, metrics, clock, log } = this.#options
    const all = await images.listImages()
    const isUsed = await this.#usage()
    const nowMs = clock.now()
    this.#records = noteImages(this.#records, all, isUsed, nowMs)
    const { remove } = planImageCollection(all, this.#records, isUsed, {
      wantedBytes,
      nowMs,
      minAgeMs: parseDuration(configuration.imageMinimumGCAge),
      maxAgeMs: parseDuration(configuration.imageMaximumGCAge),
    })
    let freedBytes = 0
    for (const image of remove) {
      log.info("removing an image that nobody uses", { image: image.repoTags[0] ?? image.id })
      try {
        await images.removeImage(image.id)
        metrics.collectedImages.add(1, wantedBytes > 0 ? "space" : "age")
        freedBytes += image.sizeBytes
      } catch (error) {
        // The others are worth a try.
        log.warn("image not removed", { image: image.repoTags[0] ?? image.id, error })
      }
    }
    return freedBytes
  }

  async #look(): Promise<void> {
    const { space, warn, configuration } = this.#options
    const { imageGCHighThresholdPercent: high, imageGCLowThresholdPercent: low } = configuration
    await this.collect(0)
    const disk = await space()
    if (disk.capacityBytes === 0) warn("InvalidDiskCapacity", "invalid capacity 0 on image filesystem")
    const plan = planImageSpace(disk, { high, low })
    if (!plan) return
    const freedBytes = await this.collect(plan.wantedBytes)
    if (freedBytes >= plan.wantedBytes) return
    const message = tooLittleFreed(plan.usagePercent, disk.capacityBytes, freedBytes)
    warn("FreeDiskSpaceFailed", message)
    throw new Error(message)
  }

  async #usage(): Promise<(image: Image) => boolean> {
    const used = new Set<string>()
    for (const { pod, runtime, stage } of this.#options.pods()) {
      for (const { imageRef, image } of runtime.containers) used.add(imageRef).add(image)
      // Nothing of it will begin again.
      if (stage.kind === "finished") continue
      for (const { spec } of podContainers(pod)) if (spec.image) used.add(spec.image)
      for (const { image } of pod.spec.volumes ?? []) {
        const mounted = image?.reference && (await this.#options.images.findImage(image.reference))
        if (mounted) used.add(mounted.id)
      }
    }
    return ({ id, repoTags, repoDigests }) => [id, ...repoTags, ...repoDigests].some((name) => used.has(name))
  }
}
