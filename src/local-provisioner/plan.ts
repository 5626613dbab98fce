import { compareQuantities, parseQuantity } from "../apimachinery/quantity.ts"
import { isNodeReady } from "../api/core/v1/is-node-ready.ts"
import type { Node } from "../api/core/v1/node.ts"
import { selectedNodeAnnotation } from "../api/core/v1/match-volume.ts"
import type { PersistentVolumeClaim } from "../api/core/v1/persistent-volume-claim.ts"
import type { PersistentVolume } from "../api/core/v1/persistent-volume.ts"
import type { StorageClass } from "../api/storage/v1/storage-class.ts"
import { localProvisioner } from "./local-storage-class.ts"

const hostname = "kubernetes.io/hostname"
const provisionerAnnotation = "volume.kubernetes.io/storage-provisioner"
export const provisionedBy = "pv.kubernetes.io/provisioned-by"
/** Keeps a volume's object until its data is gone. */
export const finalizer = "external-provisioner.volume.kubernetes.io/finalizer"

/** The claim waits for a directory, and nobody has given it another volume. */
export function waitsForUs({ metadata, spec }: PersistentVolumeClaim): boolean {
  return (
    metadata.annotations?.[provisionerAnnotation] === localProvisioner &&
    !metadata.deletionTimestamp &&
    !spec.volumeName
  )
}

/** Where the directory is to be: where the scheduler says, or, for a class that does not wait for it, where the fewest are. */
export function chooseNode(
  claim: PersistentVolumeClaim,
  nodes: readonly Node[],
  countOn: (nodeName: string) => number,
): string | undefined {
  const selected = claim.metadata.annotations?.[selectedNodeAnnotation]
  if (selected) return selected
  const usable = nodes.filter((node) => isNodeReady(node) && !node.spec.unschedulable)
  const names = usable.map(({ metadata }) => metadata.name)
  return names.toSorted((a, b) => countOn(a) - countOn(b) || (a < b ? -1 : 1))[0]
}

/** What a directory cannot be; undefined when it will do. */
export function whyImpossible({ spec }: PersistentVolumeClaim): string | undefined {
  if (spec.volumeMode === "Block") return "a directory is no block device"
  if (spec.dataSource || spec.dataSourceRef) return "a directory cannot be made from a data source"
  if (spec.selector) return "claim.Spec.Selector is not supported for dynamic provisioning on Kubernetes"
  const wide = spec.accessModes?.find((mode) => mode !== "ReadWriteOnce" && mode !== "ReadWriteOncePod")
  if (wide) return `a directory on one node cannot be ${wide}`
  if (spec.volumeAttributesClassName) return "a directory has no attributes"
  return undefined
}

export function volumeName({ metadata }: PersistentVolumeClaim): string {
  return `pvc-${metadata.uid}`
}

/** Says to people who look at the disk whose it is. */
export function directoryName(claim: PersistentVolumeClaim): string {
  return `${volumeName(claim)}_${claim.metadata.namespace}_${claim.metadata.name}`
}

export function volumeFor(
  claim: PersistentVolumeClaim,
  { metadata, reclaimPolicy }: StorageClass,
  node: Node,
  path: string,
) {
  const { namespace, name, uid, resourceVersion } = claim.metadata
  const values = [node.metadata.labels?.[hostname] ?? node.metadata.name]
  const { accessModes, resources } = claim.spec
  return {
    metadata: {
      name: volumeName(claim),
      annotations: { [provisionedBy]: localProvisioner },
      ...(reclaimPolicy === "Delete" && { finalizers: [finalizer] }),
    },
    spec: {
      capacity: { storage: resources.requests?.["storage"] ?? "0" },
      accessModes: accessModes ?? [],
      claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace, name, uid, resourceVersion },
      persistentVolumeReclaimPolicy: reclaimPolicy,
      storageClassName: metadata.name,
      volumeMode: "Filesystem" as const,
      local: { path },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: hostname, operator: "In" as const, values }] }],
        },
      },
    },
  }
}

/** The host name of the node that has the volume's directory. */
export function hostOf({ spec }: PersistentVolume): string | undefined {
  const [term] = spec.nodeAffinity?.required?.nodeSelectorTerms ?? []
  return term?.matchExpressions?.find(({ key }) => key === hostname)?.values?.[0]
}

export function isOurs({ metadata, spec }: PersistentVolume): boolean {
  return metadata.annotations?.[provisionedBy] === localProvisioner && spec.local !== undefined
}

export type VolumePlan =
  | { readonly kind: "keep" }
  /** Its data goes, then it. */
  | { readonly kind: "delete" }
  /** A person deleted it who wanted the data kept. */
  | { readonly kind: "letGo" }
  | { readonly kind: "grow"; readonly to: string }

export function planVolume(volume: PersistentVolume, claim: PersistentVolumeClaim | undefined): VolumePlan {
  const { spec, status, metadata } = volume
  const isHeld = metadata.finalizers?.includes(finalizer) === true
  if (spec.persistentVolumeReclaimPolicy === "Delete") {
    if (status.phase === "Released" || status.phase === "Failed") return { kind: "delete" }
    if (metadata.deletionTimestamp && isHeld && status.phase !== "Bound") return { kind: "delete" }
  } else if (metadata.deletionTimestamp && isHeld) return { kind: "letGo" }
  const wanted = String(claim?.spec.resources.requests?.["storage"] ?? "0")
  const grown = [spec.capacity?.["storage"], claim?.status.capacity?.["storage"]].some(
    (has) => compareQuantities(parseQuantity(wanted), parseQuantity(has ?? "0")) > 0,
  )
  return claim?.status.phase === "Bound" && grown ? { kind: "grow", to: wanted } : { kind: "keep" }
}
