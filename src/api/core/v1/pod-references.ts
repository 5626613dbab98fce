import type { Container, EphemeralContainer } from "./container.ts"
import type { Pod } from "./pod.ts"
import type { Volume } from "./volume.ts"

export type ReferencedKind =
  | "pods"
  | "secrets"
  | "configmaps"
  | "serviceaccounts"
  | "persistentvolumeclaims"
  | "resourceclaims"

export interface PodReference {
  readonly kind: ReferencedKind
  readonly name: string
}

/** The objects of its namespace that a node must see to run the pod, and the pod itself. */
export function* podReferences(pod: Pod): Iterable<PodReference> {
  yield { kind: "pods", name: pod.metadata.name }
  // A node can make up mirror pods: they must not show it anything.
  if (pod.metadata.annotations?.["kubernetes.io/config.mirror"] !== undefined) return
  const { spec } = pod
  if (spec.serviceAccountName) yield { kind: "serviceaccounts", name: spec.serviceAccountName }
  for (const { name } of spec.imagePullSecrets ?? []) if (name) yield { kind: "secrets", name }
  const containers = [
    ...(spec.initContainers ?? []),
    ...(spec.containers ?? []),
    ...(spec.ephemeralContainers ?? []),
  ]
  for (const container of containers) yield* environmentReferences(container)
  for (const volume of spec.volumes ?? []) yield* volumeReferences(pod, volume)
  yield* claimReferences(pod)
}

function* environmentReferences(container: Container | EphemeralContainer): Iterable<PodReference> {
  for (const { secretRef, configMapRef } of container.envFrom ?? []) {
    if (secretRef?.name) yield { kind: "secrets", name: secretRef.name }
    if (configMapRef?.name) yield { kind: "configmaps", name: configMapRef.name }
  }
  for (const { valueFrom } of container.env ?? []) {
    if (valueFrom?.secretKeyRef?.name) yield { kind: "secrets", name: valueFrom.secretKeyRef.name }
    if (valueFrom?.configMapKeyRef?.name) yield { kind: "configmaps", name: valueFrom.configMapKeyRef.name }
  }
}

function* volumeReferences(pod: Pod, volume: Volume): Iterable<PodReference> {
  const { projected, persistentVolumeClaim, ephemeral, configMap } = volume
  if (configMap?.name) yield { kind: "configmaps", name: configMap.name }
  for (const name of volumeSecrets(volume)) if (name) yield { kind: "secrets", name }
  for (const { secret, configMap: projectedMap } of projected?.sources ?? []) {
    if (secret?.name) yield { kind: "secrets", name: secret.name }
    if (projectedMap?.name) yield { kind: "configmaps", name: projectedMap.name }
  }
  if (persistentVolumeClaim) yield { kind: "persistentvolumeclaims", name: persistentVolumeClaim.claimName }
  if (ephemeral) yield { kind: "persistentvolumeclaims", name: `${pod.metadata.name}-${volume.name}` }
}

function volumeSecrets(volume: Volume): (string | undefined)[] {
  return [
    volume.secret?.secretName,
    volume.azureFile?.secretName,
    volume.cephfs?.secretRef?.name,
    volume.cinder?.secretRef?.name,
    volume.flexVolume?.secretRef?.name,
    volume.rbd?.secretRef?.name,
    volume.scaleIO?.secretRef?.name,
    volume.iscsi?.secretRef?.name,
    volume.storageos?.secretRef?.name,
    volume.csi?.nodePublishSecretRef?.name,
  ]
}

function* claimReferences({ spec, status }: Pod): Iterable<PodReference> {
  for (const claim of spec.resourceClaims ?? []) {
    const made = status?.resourceClaimStatuses?.find(({ name }) => name === claim.name)
    const name = claim.resourceClaimName ?? made?.resourceClaimName
    if (name) yield { kind: "resourceclaims", name }
  }
  const extended = status?.extendedResourceClaimStatus?.resourceClaimName
  if (extended) yield { kind: "resourceclaims", name: extended }
}
