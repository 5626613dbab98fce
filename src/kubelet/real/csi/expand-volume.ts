import { compareQuantities, parseQuantity, quantityValue } from "../../../apimachinery/quantity.ts"
import type { ObjectKey } from "../../../apimachinery/meta.ts"
import { PersistentVolume } from "../../../api/core/v1/persistent-volume.ts"
import { PersistentVolumeClaim } from "../../../api/core/v1/persistent-volume-claim.ts"
import type { Pod } from "../../../api/core/v1/pod.ts"
import type { Client } from "../../../client/client.ts"
import type { EventRecorder } from "../../../client/event-recorder.ts"
import type { NodeObjects } from "../../objects/node-objects.ts"
import type { CsiVolume } from "../../volumes/csi-volume.ts"
import type { CsiDriver } from "./csi-driver.ts"
import type { VolumeCapability } from "./csi-messages.ts"
import { secretData } from "./publish-attributes.ts"

export interface ExpandContext {
  readonly client: Client
  readonly objects: NodeObjects
  readonly events: () => Pick<EventRecorder, "event">
}

export interface Expandable {
  readonly pod: Pod
  readonly volume: CsiVolume
  readonly driver: CsiDriver
  readonly capability: VolumeCapability
  readonly target: string
  readonly staged: string
}

/** Whether a claim's volume has more room than the claim says. */
export async function hasGrown(objects: NodeObjects, key: ObjectKey, volumeName: string): Promise<boolean> {
  return (await findGrown(objects, key, volumeName)) !== undefined
}

async function findGrown(
  objects: NodeObjects,
  key: ObjectKey,
  volumeName: string,
): Promise<{ readonly claim: PersistentVolumeClaim; readonly size: string | number } | undefined> {
  const claim = await objects.find(PersistentVolumeClaim, key)
  const known = claim?.status.capacity?.["storage"]
  if (!claim || known === undefined) return undefined
  const volume = await objects.find(PersistentVolume, { name: volumeName })
  const size = volume?.spec.capacity?.["storage"]
  if (size === undefined || compareQuantities(parseQuantity(size), parseQuantity(known)) <= 0)
    return undefined
  return { claim, size }
}

/**
 * The node's share in making a volume bigger: once the driver's controller has given it more room, and the persistent
 * volume says so, the file system on it grows, and the claim says that all is done.
 */
export async function expandIfGrown(context: ExpandContext, mounted: Expandable): Promise<void> {
  const { objects, client, events } = context
  const { pod, volume, driver } = mounted
  if (!volume.claim) return
  const key = { namespace: pod.metadata.namespace ?? "", name: volume.claim }
  const grown = await findGrown(objects, key, volume.specName)
  if (!grown) return
  const { claim, size } = grown
  if (!(await driver.can("EXPAND_VOLUME"))) return
  try {
    await expand(context, mounted, quantityValue(size))
  } catch (error) {
    const message = `NodeExpandVolume.NodeExpandVolume failed for volume "${volume.specName}": ${(error as Error).message}`
    events().event(pod, "Warning", "VolumeResizeFailed", message)
    throw error
  }
  const conditions = (claim.status.conditions ?? []).filter(
    ({ type }) => type !== "Resizing" && type !== "FileSystemResizePending",
  )
  const status = {
    capacity: { ...claim.status.capacity, storage: size },
    conditions,
    allocatedResourceStatuses: null,
  }
  await client.patch(
    PersistentVolumeClaim,
    key,
    { type: "merge", body: { status } },
    { subresource: "status" },
  )
  const message = `MountVolume.NodeExpandVolume succeeded for volume "${volume.specName}"`
  for (const about of [pod, claim]) events().event(about, "Normal", "FileSystemResizeSuccessful", message)
}

async function expand(
  { objects }: ExpandContext,
  { volume, driver, capability, target, staged }: Expandable,
  requiredBytes: number,
): Promise<void> {
  const { expandSecret, handle } = volume
  await driver.expand({
    volumeId: handle,
    volumePath: target,
    capacityRange: { requiredBytes },
    stagingTargetPath: staged,
    volumeCapability: capability,
    secrets: expandSecret ? await secretData(objects, expandSecret, "NodeExpandSecretRef") : {},
  })
}
