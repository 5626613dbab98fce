import { messageOf } from "../../../base/message-of.ts"
import { matchesAnyTerm } from "../../../api/core/v1/match-node-selector.ts"
import { Node } from "../../../api/core/v1/node.ts"
import { PersistentVolume } from "../../../api/core/v1/persistent-volume.ts"
import { PersistentVolumeClaim } from "../../../api/core/v1/persistent-volume-claim.ts"
import { AdmissionError, VolumeError } from "../../node-host.ts"
import { persistentCsiVolume } from "../../volumes/csi-volume.ts"
import { mountHostPath } from "./host-path.ts"
import type { MountContext } from "./mount-context.ts"
import { mountLocal } from "./mount-local.ts"
import { mountNfs } from "./mount-nfs.ts"
import type { MountedVolume } from "./mounted-volume.ts"

/** Mounts what a claim of the pod's namespace is bound to. Errors from then on name the persistent volume, as upstream's do. */
export async function mountClaim(
  context: MountContext,
  claimName: string,
  readOnly: boolean,
): Promise<MountedVolume> {
  const volume = await findVolume(context, claimName)
  const { name } = volume.metadata
  try {
    await checkNodeAffinity(context, volume)
    checkMountOptions(volume)
    const mounted = await mountVolume(context, volume, { claim: claimName, readOnly })
    return { ...mounted, claim: claimName, ...(readOnly && { isReadOnly: true }) }
  } catch (error) {
    if (error instanceof VolumeError || error instanceof AdmissionError) throw error
    throw new VolumeError(name, messageOf(error))
  }
}

async function findVolume({ pod, objects }: MountContext, claimName: string): Promise<PersistentVolume> {
  const namespace = pod.metadata.namespace ?? ""
  const claim = await objects.find(PersistentVolumeClaim, { namespace, name: claimName })
  if (!claim) throw new Error(`persistentvolumeclaim "${claimName}" not found`)
  const { volumeName } = claim.spec
  if (!volumeName || claim.status.phase !== "Bound")
    throw new Error(`PVC ${namespace}/${claimName} is not bound`)
  const volume = await objects.find(PersistentVolume, { name: volumeName })
  if (!volume) throw new Error(`persistentvolume "${volumeName}" not found`)
  if (volume.spec.claimRef?.uid !== claim.metadata.uid)
    throw new Error(`PV ${volumeName} is bound to another claim than ${namespace}/${claimName}`)
  return volume
}

/** A pod that came here without the scheduler may want what is elsewhere. */
async function checkNodeAffinity(
  { pod, objects }: MountContext,
  { metadata, spec }: PersistentVolume,
): Promise<void> {
  const required = spec.nodeAffinity?.required
  if (!required) return
  const node = await objects.find(Node, { name: pod.spec.nodeName! })
  if (node && matchesAnyTerm(required.nodeSelectorTerms ?? [], node)) return
  throw new VolumeError(metadata.name, "no matching NodeSelectorTerms", {
    operation: "MountVolume.NodeAffinity check",
  })
}

function checkMountOptions({ metadata, spec }: PersistentVolume): void {
  if (!spec.hostPath || !spec.mountOptions?.length) return
  throw new VolumeError(metadata.name, "mount options are not supported for this volume type", {
    operation: "MountVolume.MountOptionSupport check",
  })
}

function mountVolume(
  context: MountContext,
  volume: PersistentVolume,
  { claim, readOnly }: { readonly claim: string; readonly readOnly: boolean },
): Promise<MountedVolume> {
  const { name } = volume.metadata
  const { hostPath, nfs, csi, local, volumeMode, mountOptions = [] } = volume.spec
  const isBlock = volumeMode === "Block"
  if (csi) return context.csi.mount(context.pod, persistentCsiVolume(volume, { claim, readOnly }))
  if (nfs) return mountNfs(context, { ...nfs, readOnly: readOnly || nfs.readOnly }, mountOptions)
  if (hostPath) return mountHostPath(context, hostPath)
  if (local) return mountLocal(context, { volumeName: name, claim, local, isBlock, readOnly, mountOptions })
  throw new Error(
    `no volume plugin matched: persistent volume "${name}" is of a type this kubelet does not know`,
  )
}
