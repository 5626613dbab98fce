import {
  findMatchingVolume,
  isReachable,
  noProvisioner,
  selectedNodeAnnotation,
  storageClassOf,
} from "../../../api/core/v1/match-volume.ts"
import type { Node } from "../../../api/core/v1/node.ts"
import { PersistentVolume } from "../../../api/core/v1/persistent-volume.ts"
import type { PersistentVolumeClaim } from "../../../api/core/v1/persistent-volume-claim.ts"
import { CSIDriver } from "../../../api/storage/v1/csi-driver.ts"
import { CSIStorageCapacity } from "../../../api/storage/v1/csi-storage-capacity.ts"
import { StorageClass } from "../../../api/storage/v1/storage-class.ts"
import { matchesLabels, selectorFromObject } from "../../../apimachinery/labels.ts"
import { compareQuantities, parseQuantity, zeroQuantity } from "../../../apimachinery/quantity.ts"
import type { Cache } from "../../../client/cache.ts"
import type { AssumedObjects } from "./assumed-objects.ts"
import type { PodClaims } from "./pod-claims.ts"

export const volumeReasons = {
  nodeConflict: "node(s) didn't match PersistentVolume's node affinity",
  bindConflict: "node(s) didn't find available persistent volumes to bind",
  notEnoughSpace: "node(s) did not have enough free storage",
  noSuchVolume: "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)",
} as const

/** How a pod's claims would be met on one node. */
export interface VolumePlan {
  readonly bindings: readonly { claim: PersistentVolumeClaim; volume: PersistentVolume }[]
  /** Volumes for these are made once the claim names the node. */
  readonly provisions: readonly PersistentVolumeClaim[]
}

/** Volumes by class, for `cache.byIndex`. */
export const volumesByClass = "storageClass"

export interface PlanningView {
  readonly cache: Cache
  readonly volumes: AssumedObjects<PersistentVolume>
}

/** Follows upstream's binder: bound claims must be reachable, delayed ones find a volume or can have one made. */
export function planVolumes(
  { bound, delayed }: PodClaims,
  node: Node,
  view: PlanningView,
): VolumePlan | { readonly reasons: readonly string[] } {
  const reasons: string[] = []
  const reached = checkBound(bound, node, view)
  if (reached) reasons.push(reached)
  const plan = planDelayed(delayed, node, view)
  if ("reasons" in plan) reasons.push(...plan.reasons)
  return reasons.length || "reasons" in plan ? { reasons } : plan
}

function checkBound(
  bound: readonly PersistentVolumeClaim[],
  node: Node,
  { cache, volumes }: PlanningView,
): string | undefined {
  for (const { spec } of bound) {
    const volume = volumes.find({ name: spec.volumeName! }, cache)
    if (!volume) return volumeReasons.noSuchVolume
    if (!isReachable(volume, node)) return volumeReasons.nodeConflict
  }
  return undefined
}

function planDelayed(
  delayed: readonly PersistentVolumeClaim[],
  node: Node,
  view: PlanningView,
): VolumePlan | { readonly reasons: readonly string[] } {
  const bindings: { claim: PersistentVolumeClaim; volume: PersistentVolume }[] = []
  const provisions: PersistentVolumeClaim[] = []
  const taken = new Set<string>()
  // The smallest first, so that it gets the smallest volume.
  for (const claim of Array.from(delayed).sort((a, b) => compareQuantities(sizeOf(a), sizeOf(b)))) {
    const selected = claim.metadata.annotations?.[selectedNodeAnnotation]
    if (selected !== undefined && selected !== node.metadata.name)
      return { reasons: [volumeReasons.bindConflict] }
    const volume = selected === undefined ? findVolume(claim, node, taken, view) : undefined
    if (volume) {
      taken.add(volume.metadata.name)
      bindings.push({ claim, volume })
      continue
    }
    const refused = whyNotProvisioned(claim, node, view.cache)
    if (refused) return { reasons: [refused] }
    provisions.push(claim)
  }
  return { bindings, provisions }
}

function findVolume(
  claim: PersistentVolumeClaim,
  node: Node,
  taken: ReadonlySet<string>,
  { cache, volumes }: PlanningView,
): PersistentVolume | undefined {
  const ofClass = cache.byIndex(PersistentVolume, volumesByClass, storageClassOf(claim))
  return findMatchingVolume(
    claim,
    ofClass.map((volume) => volumes.over(volume)),
    { node, taken },
  )
}

function whyNotProvisioned(claim: PersistentVolumeClaim, node: Node, cache: Cache): string | undefined {
  const storageClass = cache.find(StorageClass, { name: storageClassOf(claim) })
  if (!storageClass?.provisioner || storageClass.provisioner === noProvisioner)
    return volumeReasons.bindConflict
  if (!isAllowed(storageClass, node)) return volumeReasons.bindConflict
  return hasRoom(claim, storageClass, node, cache) ? undefined : volumeReasons.notEnoughSpace
}

/** Any term; of it, every expression. */
function isAllowed({ allowedTopologies }: StorageClass, { metadata }: Node): boolean {
  if (!allowedTopologies?.length) return true
  return allowedTopologies.some(({ matchLabelExpressions = [] }) =>
    matchLabelExpressions.every(({ key, values }) => values.includes(metadata.labels?.[key] ?? "")),
  )
}

/** Only drivers that tell of their capacity are asked (https://kubernetes.io/docs/concepts/storage/storage-capacity/). */
function hasRoom(
  claim: PersistentVolumeClaim,
  { metadata, provisioner }: StorageClass,
  node: Node,
  cache: Cache,
): boolean {
  if (!cache.find(CSIDriver, { name: provisioner })?.spec.storageCapacity) return true
  const size = sizeOf(claim)
  return cache
    .list(CSIStorageCapacity)
    .some(
      ({ storageClassName, maximumVolumeSize, capacity, nodeTopology }) =>
        storageClassName === metadata.name &&
        compareQuantities(parseQuantity(maximumVolumeSize ?? capacity ?? "0"), size) >= 0 &&
        nodeTopology !== undefined &&
        matchesLabels(selectorFromObject(nodeTopology), node.metadata.labels),
    )
}

function sizeOf({ spec }: PersistentVolumeClaim) {
  const storage = spec.resources?.requests?.["storage"]
  return storage === undefined ? zeroQuantity : parseQuantity(storage)
}
