import type { PersistentVolume } from "../../../api/core/v1/persistent-volume.ts"

export interface SecretAddress {
  readonly namespace: string
  readonly name: string
}

/** The Secrets that a kubelet needs to mount the volume; those that only a controller needs are not among them. */
export function volumeSecrets({ spec }: PersistentVolume): SecretAddress[] {
  const claimNamespace = spec.claimRef?.namespace ?? ""
  const inClaimNamespace = (name: string | undefined) => ({ name, namespace: claimNamespace })
  const { azureFile, csi } = spec
  const references = [
    azureFile && { name: azureFile.secretName, namespace: azureFile.secretNamespace || claimNamespace },
    spec.cephfs?.secretRef,
    spec.cinder?.secretRef,
    spec.flexVolume?.secretRef,
    spec.rbd?.secretRef,
    spec.scaleIO?.secretRef,
    spec.iscsi?.secretRef,
    spec.storageos?.secretRef,
    csi?.nodePublishSecretRef,
    csi?.nodeStageSecretRef,
    csi?.nodeExpandSecretRef,
  ]
  return references.flatMap((reference) => {
    if (!reference?.name) return []
    const { name, namespace } = reference.namespace ? reference : inClaimNamespace(reference.name)
    return [{ name: name!, namespace: namespace! }]
  })
}
