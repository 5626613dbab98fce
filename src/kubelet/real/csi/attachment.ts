import { VolumeAttachment } from "../../../api/storage/v1/volume-attachment.ts"
import { VolumeError } from "../../node-host.ts"
import type { NodeObjects } from "../../objects/node-objects.ts"
import type { CsiVolume } from "../../volumes/csi-volume.ts"

/** What the driver's controller says of the volume once it is attached to this node. Throws VolumeError until then. */
export async function findAttachment(
  objects: NodeObjects,
  { specName, handle }: CsiVolume,
  name: string,
): Promise<Record<string, string>> {
  const attachment = await objects.find(VolumeAttachment, { name })
  const refuse = (message: string, isWaiting = false) =>
    new VolumeError(specName, message, { operation: "MountVolume.WaitForAttach", isWaiting })
  if (!attachment) throw refuse(`volume ${handle} is not attached to this node yet`, true)
  if (attachment.metadata.deletionTimestamp) throw refuse("volume attachment is being deleted")
  const { attached, attachError, attachmentMetadata = {} } = attachment.status ?? {}
  if (attached) return attachmentMetadata
  if (attachError?.message) throw refuse(attachError.message)
  throw refuse(`volume ${handle} is not attached for volume attachment ${name}`, true)
}
