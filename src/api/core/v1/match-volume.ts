import { matchesLabels, selectorFromObject } from "../../../apimachinery/labels.ts"
import {
  compareQuantities,
  parseQuantity,
  type Quantity,
  zeroQuantity,
} from "../../../apimachinery/quantity.ts"
import { classAnnotation } from "./access-modes.ts"
import { matchesAnyTerm } from "./match-node-selector.ts"
import type { Node } from "./node.ts"
import type { PersistentVolume } from "./persistent-volume.ts"
import type { ResourceList } from "./resource-requirements.ts"
import type { PersistentVolumeClaim } from "./persistent-volume-claim.ts"

/*
 * Which volume suits which claim (https://kubernetes.io/docs/concepts/storage/persistent-volumes/#binding). Asked by who
 * binds claims at once, and by who binds them when a node is chosen.
 */

/** Set by the binder when both sides are done. */
export const bindCompletedAnnotation = "pv.kubernetes.io/bind-completed"
/** The volume was chosen by the binder, not by whoever made it. */
export const boundByControllerAnnotation = "pv.kubernetes.io/bound-by-controller"
/** The node that the volume must be reachable from; asks for a volume to be made. */
export const selectedNodeAnnotation = "volume.kubernetes.io/selected-node"
/** The provisioner of classes whose volumes somebody makes by hand. */
export const noProvisioner = "kubernetes.io/no-provisioner"

export function storageClassOf({ metadata, spec }: PersistentVolumeClaim | PersistentVolume): string {
  return metadata.annotations?.[classAnnotation] ?? spec.storageClassName ?? ""
}

export function isFullyBound({ metadata, spec }: PersistentVolumeClaim): boolean {
  return Boolean(spec.volumeName) && metadata.annotations?.[bindCompletedAnnotation] !== undefined
}

/** Whether the volume is meant for this claim; a reference without uid is to whichever claim has the name. */
export function isMeantFor(
  { spec: { claimRef } }: PersistentVolume,
  { metadata }: PersistentVolumeClaim,
): boolean {
  if (!claimRef) return false
  if (claimRef.name !== metadata.name || claimRef.namespace !== metadata.namespace) return false
  return !claimRef.uid || claimRef.uid === metadata.uid
}

/** Whether the volume can be reached from a node with such labels. */
export function isReachable({ spec }: PersistentVolume, node: Pick<Node, "metadata">): boolean {
  const terms = spec.nodeAffinity?.required?.nodeSelectorTerms
  return !terms || matchesAnyTerm(terms, { metadata: { ...node.metadata, name: "" } })
}

export interface VolumeMatching {
  /** The volume must be reachable from here. @default wherever */
  readonly node?: Pick<Node, "metadata">
  /** Given to other claims in the same breath. */
  readonly taken?: ReadonlySet<string>
  /** The class waits for a node: without one only a volume meant for the claim is found. */
  readonly waitsForNode?: boolean
}

/** The volume that is meant for the claim, or else the smallest that will do; undefined when there is none. */
export function findMatchingVolume(
  claim: PersistentVolumeClaim,
  volumes: Iterable<PersistentVolume>,
  { node, taken, waitsForNode = false }: VolumeMatching = {},
): PersistentVolume | undefined {
  const wanted = storageOf(claim.spec.resources?.requests)
  let best: { volume: PersistentVolume; size: Quantity } | undefined
  for (const volume of volumes) {
    if (taken?.has(volume.metadata.name) || !mayHold(volume, claim, wanted)) continue
    const reachable = !node || isReachable(volume, node)
    if (isMeantFor(volume, claim)) return reachable ? volume : undefined
    if (!reachable || (!node && waitsForNode) || !isFree(volume, claim)) continue
    const size = storageOf(volume.spec.capacity)
    if (!best || compareQuantities(size, best.size) < 0) best = { volume, size }
  }
  return best?.volume
}

/** What must hold even of a volume that is meant for the claim. */
function mayHold(volume: PersistentVolume, claim: PersistentVolumeClaim, wanted: Quantity): boolean {
  const { spec, metadata } = volume
  return (
    (!spec.claimRef || isMeantFor(volume, claim)) &&
    metadata.deletionTimestamp === undefined &&
    compareQuantities(storageOf(spec.capacity), wanted) >= 0 &&
    (spec.volumeMode ?? "Filesystem") === (claim.spec.volumeMode ?? "Filesystem") &&
    (spec.volumeAttributesClassName ?? "") === (claim.spec.volumeAttributesClassName ?? "")
  )
}

function isFree(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const { metadata, spec, status } = volume
  return (
    status.phase === "Available" &&
    (!claim.spec.selector || matchesLabels(selectorFromObject(claim.spec.selector), metadata.labels)) &&
    storageClassOf(volume) === storageClassOf(claim) &&
    (claim.spec.accessModes ?? []).every((mode) => spec.accessModes?.includes(mode))
  )
}

function storageOf(amounts: ResourceList | undefined): Quantity {
  const text = amounts?.["storage"]
  return text === undefined ? zeroQuantity : parseQuantity(text)
}
