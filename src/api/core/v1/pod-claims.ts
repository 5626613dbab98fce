import type { PersistentVolumeClaim } from "./persistent-volume-claim.ts"
import type { Pod } from "./pod.ts"
import type { Volume } from "./volume.ts"

/** The claim that is made for an ephemeral volume of a pod. */
export function ephemeralClaimName(pod: Pod, volume: Volume): string {
  return `${pod.metadata.name}-${volume.name}`
}

/** A claim of that name that somebody else made is not this pod's. */
export function isMadeFor(claim: PersistentVolumeClaim, pod: Pod): boolean {
  return (
    claim.metadata.ownerReferences?.some(({ uid, controller }) => controller && uid === pod.metadata.uid) ===
    true
  )
}

/** Index of pods by the claims that they name or that are made for them: "namespace/claim". */
export const podsByClaim = {
  claim: (pod: Pod): readonly string[] =>
    claimNamesOf(pod).map((name) => `${pod.metadata.namespace ?? ""}/${name}`),
}

export function claimNamesOf(pod: Pod): readonly string[] {
  return (pod.spec.volumes ?? []).flatMap((volume) => {
    if (volume.persistentVolumeClaim) return [volume.persistentVolumeClaim.claimName]
    return volume.ephemeral ? [ephemeralClaimName(pod, volume)] : []
  })
}
