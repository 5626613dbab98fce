import { messageOf } from "../../../base/message-of.ts"
import { compareQuantities, parseQuantity, quantityValue } from "../../../apimachinery/quantity.ts"
import { PersistentVolume } from "../../../api/core/v1/persistent-volume.ts"
import { PersistentVolumeClaim } from "../../../api/core/v1/persistent-volume-claim.ts"
import type { Pod } from "../../../api/core/v1/pod.ts"
import type { Client } from "../../../client/client.ts"
import type { EventRecorder } from "../../../client/event-recorder.ts"
import type { NodeObjects } from "../../objects/node-objects.ts"

export interface VolumeGrowthOptions {
  readonly client: Client
  readonly objects: NodeObjects
  readonly events: () => Pick<EventRecorder, "event">
}

/** A persistent volume that a pod has mounted by a claim of its namespace. */
export interface ClaimedVolume {
  readonly pod: Pod
  readonly claim: string
  readonly volumeName: string
}

interface Growth {
  readonly claim: PersistentVolumeClaim
  readonly size: string | number
}

/**
 * The node's share in making a volume bigger: once it has more room, and the persistent volume says so, the file system on
 * it grows, and the claim says that all is done.
 */
export class VolumeGrowth {
  readonly #options: VolumeGrowthOptions

  constructor(options: VolumeGrowthOptions) {
    this.#options = options
  }

  /** Whether a claim's volume has more room than the claim says. */
  async isDue(volume: ClaimedVolume): Promise<boolean> {
    return (await this.#find(volume)) !== undefined
  }

  /** @param grow makes the file system fill so many bytes; false where that is not the node's business */
  async finish(volume: ClaimedVolume, grow: (bytes: number) => Promise<boolean>): Promise<void> {
    const { client, events } = this.#options
    const { pod, volumeName } = volume
    const growth = await this.#find(volume)
    if (!growth) return
    const { claim, size } = growth
    try {
      if (!(await grow(quantityValue(size)))) return
    } catch (error) {
      const message = `NodeExpandVolume.NodeExpandVolume failed for volume "${volumeName}": ${messageOf(error)}`
      events().event(pod, "Warning", "VolumeResizeFailed", message)
      throw error
    }
    await client.patch(
      PersistentVolumeClaim,
      { namespace: claim.metadata.namespace ?? "", name: claim.metadata.name },
      { type: "merge", body: { status: statusOfGrown(growth) } },
      { subresource: "status" },
    )
    const message = `MountVolume.NodeExpandVolume succeeded for volume "${volumeName}"`
    for (const about of [pod, claim]) events().event(about, "Normal", "FileSystemResizeSuccessful", message)
  }

  async #find({ pod, claim: name, volumeName }: ClaimedVolume): Promise<Growth | undefined> {
    const { objects } = this.#options
    const namespace = pod.metadata.namespace ?? ""
    const claim = await objects.find(PersistentVolumeClaim, { namespace, name })
    const known = claim?.status.capacity?.["storage"]
    if (!claim || known === undefined) return undefined
    const volume = await objects.find(PersistentVolume, { name: volumeName })
    const size = volume?.spec.capacity?.["storage"]
    if (size === undefined || compareQuantities(parseQuantity(size), parseQuantity(known)) <= 0)
      return undefined
    return { claim, size }
  }
}

function statusOfGrown({ claim: { status }, size }: Growth) {
  const isOver = (type: string) => type === "Resizing" || type === "FileSystemResizePending"
  return {
    capacity: { ...status.capacity, storage: size },
    conditions: (status.conditions ?? []).filter(({ type }) => !isOver(type)),
    allocatedResourceStatuses: null,
  }
}
