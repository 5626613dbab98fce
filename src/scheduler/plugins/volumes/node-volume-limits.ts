import { storageClassOf } from "../../../api/core/v1/match-volume.ts"
import { PersistentVolume } from "../../../api/core/v1/persistent-volume.ts"
import { PersistentVolumeClaim } from "../../../api/core/v1/persistent-volume-claim.ts"
import { Pod } from "../../../api/core/v1/pod.ts"
import { CSIDriver } from "../../../api/storage/v1/csi-driver.ts"
import { CSINode } from "../../../api/storage/v1/csi-node.ts"
import { StorageClass } from "../../../api/storage/v1/storage-class.ts"
import { VolumeAttachment } from "../../../api/storage/v1/volume-attachment.ts"
import type { Cache } from "../../../client/cache.ts"
import { hint, type Plugin, type Rejection, resolvable, unresolvable } from "../../framework.ts"
import type { NodeInfo } from "../../node-info.ts"
import { type PodInfo, podInfo } from "../../pod-info.ts"
import { usesClaim } from "./volume-binding.ts"
import { isChanged } from "../../is-changed.ts"

const tooMany = resolvable("node(s) exceed max volume count")

/** Attachments by node, for `cache.byIndex`. */
const byNode = "node"

/** Unique names of volumes to the drivers that attach them. */
type Volumes = Map<string, string>

/** A driver attaches no more volumes to a node than its CSINode says. */
export const nodeVolumeLimits: Plugin = {
  name: "NodeVolumeLimits",
  attach(informers) {
    informers.addIndex(VolumeAttachment, byNode, ({ spec }) => [spec.nodeName])
    informers.for(CSIDriver)
  },
  filter(info, { cache }) {
    if (info.claimNames.length === 0) return undefined
    const wanted: Volumes = new Map()
    const missing = addVolumes(info, cache, wanted)
    if (missing)
      return unresolvable(
        `looking up PVC ${missing}: persistentvolumeclaim "${missing.split("/")[1]}" not found`,
      )
    if (wanted.size === 0) return undefined
    return { check: (node) => checkNode(node, wanted, cache) }
  },
  hints: [
    hint(CSINode, "add"),
    hint(CSINode, "update", {
      concerns: (current, previous) => isChanged(current!.spec.drivers, previous!.spec.drivers),
    }),
    hint(Pod, "delete", { concerns: (_current, gone) => podInfo(gone!).claimNames.length > 0 }),
    hint(PersistentVolumeClaim, "add", { mayHelp: usesClaim }),
    hint(VolumeAttachment, "delete"),
  ],
}

function checkNode(node: NodeInfo, wanted: Volumes, cache: Cache): Rejection | undefined {
  const csiNode = cache.find(CSINode, { name: node.name })
  for (const driver of wanted.values()) {
    const mustBeThere = cache.find(CSIDriver, { name: driver })?.spec.preventPodSchedulingIfMissing
    if (mustBeThere && !csiNode?.spec.drivers.some(({ name }) => name === driver))
      return resolvable(`${driver} CSI driver is not installed on the node`)
  }
  const limits = limitsOf(csiNode)
  if (limits.size === 0) return undefined
  const attached = attachedTo(node, cache)
  const counts = new Map<string, number>()
  for (const driver of attached.values()) counts.set(driver, (counts.get(driver) ?? 0) + 1)
  const added = new Set<string>()
  for (const [name, driver] of wanted) {
    if (attached.has(name)) continue
    added.add(driver)
    counts.set(driver, (counts.get(driver) ?? 0) + 1)
  }
  for (const driver of added) {
    const limit = limits.get(driver)
    if (limit !== undefined && counts.get(driver)! > limit) return tooMany
  }
  return undefined
}

function limitsOf(csiNode: CSINode | undefined): ReadonlyMap<string, number> {
  const limits = new Map<string, number>()
  for (const { name, allocatable } of csiNode?.spec.drivers ?? []) {
    if (allocatable?.count !== undefined) limits.set(name, allocatable.count)
  }
  return limits
}

/** What the pods of the node use, and what is attached to it without them. */
function attachedTo(node: NodeInfo, cache: Cache): Volumes {
  const volumes: Volumes = new Map()
  for (const info of node.pods.values()) if (info.claimNames.length) addVolumes(info, cache, volumes)
  for (const { spec } of cache.byIndex(VolumeAttachment, byNode, node.name)) {
    const { persistentVolumeName } = spec.source
    const volume = persistentVolumeName
      ? cache.find(PersistentVolume, { name: persistentVolumeName })
      : undefined
    if (volume?.spec.csi) volumes.set(uniqueName(volume.spec.csi), volume.spec.csi.driver)
  }
  return volumes
}

/** Gives "namespace/name" of a claim that is missing. */
function addVolumes({ pod, claimNames }: PodInfo, cache: Cache, volumes: Volumes): string | undefined {
  let missing: string | undefined
  for (const name of claimNames) {
    const claim = cache.find(PersistentVolumeClaim, { namespace: pod.metadata.namespace, name })
    if (!claim) missing ??= `${pod.metadata.namespace}/${name}`
    else addVolume(claim, cache, volumes)
  }
  return missing
}

function addVolume(claim: PersistentVolumeClaim, cache: Cache, volumes: Volumes): void {
  const { volumeName } = claim.spec
  const volume = volumeName ? cache.find(PersistentVolume, { name: volumeName }) : undefined
  if (volume) {
    if (volume.spec.csi) volumes.set(uniqueName(volume.spec.csi), volume.spec.csi.driver)
    return
  }
  // One that is still to be made counts for its class's driver.
  const storageClass = cache.find(StorageClass, { name: storageClassOf(claim) })
  if (!storageClass) return
  const { namespace, name } = claim.metadata
  volumes.set(`${storageClass.provisioner}/to-be-made/${namespace}/${name}`, storageClass.provisioner)
}

function uniqueName({ driver, volumeHandle }: { driver: string; volumeHandle: string }): string {
  return `${driver}/${volumeHandle}`
}
