/**
 * Attach/detach: a volume of a CSI driver is attached to the nodes whose pods use it, and to no other.
 *
 * Owns VolumeAttachments of PersistentVolumes; the driver's attacher does what they say. Reads pods, claims, volumes,
 * nodes, CSI drivers and attachments; writes attachments, and what is attached in nodes' status.
 * Woken by changes of all of them, and by time, for nodes that do not answer. The key is that of the volume.
 */
import { Node } from "../../api/core/v1/node.ts"
import { PersistentVolumeClaim } from "../../api/core/v1/persistent-volume-claim.ts"
import { PersistentVolume } from "../../api/core/v1/persistent-volume.ts"
import { claimNamesOf, podsByClaim } from "../../api/core/v1/pod-claims.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { CSIDriver } from "../../api/storage/v1/csi-driver.ts"
import { VolumeAttachment } from "../../api/storage/v1/volume-attachment.ts"
import { keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import { ignoreAlreadyExists, ignoreNotFound } from "../../apimachinery/status-error.ts"
import type { Cache } from "../../client/cache.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  requeueAfter,
  type Result,
  watch,
} from "../../client/controller.ts"
import { isTerminal } from "../shared/pods.ts"
import { explainRefusal, planAttached, planAttachments } from "./plan.ts"

const managedAnnotation = "volumes.kubernetes.io/controller-managed-attach-detach"

/** "csi-" and a hash of which volume of which driver is on which node. */
export type Sha256Hex = (text: string) => string

/** Since when a volume has not been needed on a node: "VOLUME NODE" to milliseconds (monotonic). */
type Unneeded = Map<string, number>

export function createAttachDetachController(sha256Hex: Sha256Hex): ControllerDefinition {
  const unneeded: Unneeded = new Map()
  return {
    name: "persistentvolume-attach-detach-controller",
    eventSource: "attachdetach-controller",
    watches: [
      watch(PersistentVolume, ({ metadata, spec }) => (spec.csi ? [{ name: metadata.name }] : [])),
      watch(Pod, keysOfPod, podsByClaim),
      watch(PersistentVolumeClaim, ({ spec }) => (spec.volumeName ? [{ name: spec.volumeName }] : [])),
      watch(VolumeAttachment, keysOfAttachment, { volume: volumeOf, node: ({ spec }) => [spec.nodeName] }),
      watch(
        Node,
        ({ metadata }, cache) =>
          cache.byIndex(VolumeAttachment, "node", metadata.name).flatMap(keysOfAttachment),
        undefined,
        isSameForVolumes,
      ),
      watch(CSIDriver, () => []),
    ],
    reconcile: (key, context) => reconcile(key, context, unneeded, sha256Hex),
  }
}

async function reconcile(
  { name }: ObjectKey,
  context: ReconcileContext,
  unneeded: Unneeded,
  sha256Hex: Sha256Hex,
): Promise<Result> {
  const { client, cache, clock, events } = context

  // Observe.
  const volume = cache.find(PersistentVolume, { name })
  if (!volume?.spec.csi) return done
  const { driver, volumeHandle } = volume.spec.csi
  if (cache.find(CSIDriver, { name: driver })?.spec.attachRequired === false) return done
  const pods = podsUsing(volume, cache)
  const nameOn = (nodeName: string) => `csi-${sha256Hex(`${volumeHandle}${driver}${nodeName}`)}`
  // Attachments that others made under names of their own are theirs.
  const attachments = cache
    .byIndex(VolumeAttachment, "volume", name)
    .filter(({ metadata, spec }) => metadata.name === nameOn(spec.nodeName))
  const nowMs = clock.monotonic()

  // Decide.
  const plan = planAttachments({
    volume,
    pods,
    attachments,
    nowMs,
    findNode: (nodeName) => cache.find(Node, { name: nodeName }),
    unneededSinceMs(nodeName) {
      const id = `${name} ${nodeName}`
      if (!unneeded.has(id)) unneeded.set(id, nowMs)
      return unneeded.get(id)!
    },
  })
  for (const { spec } of pods) unneeded.delete(`${name} ${spec.nodeName}`)

  // Act: a node hears that a volume is no longer its own before it is taken away.
  for (const attachment of plan.detach) {
    await tellNode(attachment.spec.nodeName, volume, false, context)
    await client.delete(VolumeAttachment, keyOf(attachment)).catch(ignoreNotFound)
    unneeded.delete(`${name} ${attachment.spec.nodeName}`)
  }
  for (const nodeName of plan.attach)
    await client
      .create(VolumeAttachment, {
        metadata: { name: nameOn(nodeName) },
        spec: { attacher: driver, nodeName, source: { persistentVolumeName: name } },
      })
      .catch(ignoreAlreadyExists)

  // Report.
  for (const pod of plan.refused)
    events.event(pod, "Warning", "FailedAttachVolume", explainRefusal(volume, pod, pods))
  for (const attachment of attachments)
    if (!plan.detach.includes(attachment)) await report(attachment, volume, pods, context)
  return plan.recheckInMs === undefined ? done : requeueAfter(Math.max(0, plan.recheckInMs))
}

async function report(
  { spec, status, metadata }: VolumeAttachment,
  volume: PersistentVolume,
  pods: readonly Pod[],
  context: ReconcileContext,
): Promise<void> {
  const users = pods.filter((pod) => pod.spec.nodeName === spec.nodeName)
  const { name } = volume.metadata
  const isAttached = status.attached && !metadata.deletionTimestamp
  const isNew = await tellNode(spec.nodeName, volume, isAttached, context)
  for (const pod of users) {
    if (isNew && isAttached) {
      const message = `AttachVolume.Attach succeeded for volume "${name}" `
      context.events.event(pod, "Normal", "SuccessfulAttachVolume", message)
    } else if (!isAttached && status.attachError) {
      const message = `AttachVolume.Attach failed for volume "${name}" : ${status.attachError.message ?? ""}`
      context.events.event(pod, "Warning", "FailedAttachVolume", message)
    }
  }
}

/** True when the node's status said something else before. */
async function tellNode(
  nodeName: string,
  volume: PersistentVolume,
  isAttached: boolean,
  { client, cache }: ReconcileContext,
): Promise<boolean> {
  const node = cache.find(Node, { name: nodeName })
  const volumesAttached = node && planAttached(volume, node, isAttached)
  if (!volumesAttached) return false
  await client.updateStatus(Node, { ...node, status: { ...node.status, volumesAttached } })
  return true
}

/** Pods that have or may have it mounted: bound to a node, and not ended. */
function podsUsing({ spec, metadata }: PersistentVolume, cache: Cache): readonly Pod[] {
  const { namespace, name } = spec.claimRef ?? {}
  const claim = cache.find(PersistentVolumeClaim, { namespace, name: name ?? "" })
  if (claim?.spec.volumeName !== metadata.name || claim.metadata.uid !== spec.claimRef?.uid) return []
  return cache
    .byIndex(Pod, "claim", `${namespace}/${name}`)
    .filter((pod) => pod.spec.nodeName && !isTerminal(pod) && isManaged(pod.spec.nodeName, cache))
}

function isManaged(nodeName: string, cache: Cache): boolean {
  return cache.find(Node, { name: nodeName })?.metadata.annotations?.[managedAnnotation] === "true"
}

function keysOfPod(pod: Pod, cache: Cache): readonly ObjectKey[] {
  if (!pod.spec.nodeName) return []
  const { namespace } = pod.metadata
  const volumes = claimNamesOf(pod).map(
    (name) => cache.find(PersistentVolumeClaim, { namespace, name })?.spec.volumeName,
  )
  return volumes.filter((name) => name !== undefined && name !== "").map((name) => ({ name: name! }))
}

function volumeOf({ spec }: VolumeAttachment): readonly string[] {
  const name = spec.source.persistentVolumeName
  return name ? [name] : []
}

function keysOfAttachment(attachment: VolumeAttachment): readonly ObjectKey[] {
  return volumeOf(attachment).map((name) => ({ name }))
}

function isSameForVolumes(current: Node, previous: Node): boolean {
  const read = ({ metadata, spec, status }: Node) =>
    JSON.stringify([
      metadata.annotations?.[managedAnnotation],
      spec.taints?.map(({ key }) => key),
      status.volumesInUse,
      status.volumesAttached,
      status.conditions?.find(({ type }) => type === "Ready")?.status,
    ])
  return read(current) === read(previous)
}
