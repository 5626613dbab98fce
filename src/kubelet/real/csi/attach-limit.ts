import type { Pod } from "../../../api/core/v1/pod.ts"
import type { CSIDriver } from "../../../api/storage/v1/csi-driver.ts"
import { VolumeAttachment } from "../../../api/storage/v1/volume-attachment.ts"
import type { Clock } from "../../../base/clock.ts"
import type { Logger } from "../../../base/log.ts"
import { AdmissionError } from "../../node-host.ts"
import type { NodeObjects } from "../../objects/node-objects.ts"
import type { CsiVolume } from "../../volumes/csi-volume.ts"
import type { CsiDrivers } from "./csi-drivers.ts"

export interface AttachLimitOptions {
  readonly objects: Pick<NodeObjects, "find">
  readonly drivers: Pick<CsiDrivers, "refresh">
  readonly clock: Clock
  readonly log: Logger
}

/** As upstream: for so long one waits until a volume is attached before asking what is in the way. */
const patienceMs = 123_000
/** gRPC's code for it, which the attacher leaves in the VolumeAttachment. */
const resourceExhausted = 8

/**
 * A node that can have no more volumes of a driver although its CSINode promised room: the promise is taken back, and the
 * pod rejected, so that whoever made it makes another that finds a better node
 * (https://github.com/kubernetes/enhancements/tree/master/keps/sig-storage/4876-mutable-csinode-allocatable).
 * Only for drivers whose CSIDriver says how often their promise changes.
 */
export class AttachLimit {
  readonly #options: AttachLimitOptions
  readonly #waitingSinceMs = new Map<string, number>()

  constructor(options: AttachLimitOptions) {
    this.#options = options
  }

  /** The pod waits no longer for its volumes. */
  forget(podUid: string): void {
    for (const key of this.#waitingSinceMs.keys())
      if (key.startsWith(`${podUid} `)) this.#waitingSinceMs.delete(key)
  }

  /** A volume is not attached yet. Throws AdmissionError when it never will be. */
  async check(
    pod: Pod,
    volume: CsiVolume,
    { object, attachment }: { readonly object: CSIDriver | undefined; readonly attachment: string },
  ): Promise<void> {
    const { clock, drivers, log } = this.#options
    const key = `${pod.metadata.uid} ${volume.specName}`
    const sinceMs = this.#waitingSinceMs.get(key) ?? clock.now()
    this.#waitingSinceMs.set(key, sinceMs)
    if (!object?.spec.nodeAllocatableUpdatePeriodSeconds || clock.now() - sinceMs < patienceMs) return
    if (!(await this.#isExhausted(attachment))) return
    await drivers
      .refresh(volume.driver)
      .catch((error: unknown) => log.warn("limit of volumes not asked for", { driver: volume.driver, error }))
    const name = nameInPod(pod, volume)
    throw new AdmissionError(
      "VolumeAttachmentLimitExceeded",
      `Pod was rejected: Node has reached its volume attachment limit, rejecting pod. unmounted volumes=[${name}], unattached volumes=[${name}], failed to process volumes=[]: context deadline exceeded`,
    )
  }

  async #isExhausted(name: string): Promise<boolean> {
    const attachment = await this.#options.objects.find(VolumeAttachment, { name })
    return attachment?.status?.attachError?.errorCode === resourceExhausted
  }
}

/** A claim that is made for the pod is called after it and the volume. */
function nameInPod({ metadata, spec }: Pod, { claim, specName }: CsiVolume): string {
  const volume = spec.volumes?.find(
    ({ name, persistentVolumeClaim, ephemeral }) =>
      (claim !== undefined && persistentVolumeClaim?.claimName === claim) ||
      (ephemeral && `${metadata.name}-${name}` === claim),
  )
  return volume?.name ?? specName
}
