import { sleep } from "../../../base/clock.ts"
import {
  boundByControllerAnnotation,
  isFullyBound,
  isMeantFor,
  isReachable,
  selectedNodeAnnotation,
} from "../../../api/core/v1/match-volume.ts"
import { Node } from "../../../api/core/v1/node.ts"
import { PersistentVolume } from "../../../api/core/v1/persistent-volume.ts"
import { PersistentVolumeClaim } from "../../../api/core/v1/persistent-volume-claim.ts"
import { Pod } from "../../../api/core/v1/pod.ts"
import { keyOf } from "../../../apimachinery/meta.ts"
import type { BindContext } from "../../framework.ts"
import type { VolumePlan } from "./plan-volumes.ts"

/** The volume with the claim written into it. */
export function volumeFor(volume: PersistentVolume, claim: PersistentVolumeClaim): PersistentVolume {
  const { name, namespace, uid, resourceVersion } = claim.metadata
  const claimRef = { kind: "PersistentVolumeClaim", apiVersion: "v1", namespace, name, uid, resourceVersion }
  const annotations = isMeantFor(volume, claim)
    ? volume.metadata.annotations
    : { ...volume.metadata.annotations, [boundByControllerAnnotation]: "yes" }
  return {
    ...volume,
    metadata: { ...volume.metadata, ...(annotations && { annotations }) },
    spec: { ...volume.spec, claimRef: claimRef },
  }
}

/** The claim with the node written on it: now a volume is made for it. */
export function claimOn(claim: PersistentVolumeClaim, nodeName: string): PersistentVolumeClaim {
  const annotations = { ...claim.metadata.annotations, [selectedNodeAnnotation]: nodeName }
  return { ...claim, metadata: { ...claim.metadata, annotations } }
}

/** Writes what is planned, then waits until the binder (and the provisioner) are done. Rejects to try another node. */
export async function bindVolumes(
  pod: Pod,
  nodeName: string,
  plan: VolumePlan,
  timeoutMs: number,
  context: BindContext,
): Promise<void> {
  const { client, clock, signal } = context
  for (const { volume } of plan.bindings) await client.update(PersistentVolume, volume)
  for (const claim of plan.provisions) await client.update(PersistentVolumeClaim, claim)
  const until = clock.monotonic() + timeoutMs
  while (!signal.aborted) {
    if (areBound(pod, nodeName, plan, context)) return
    if (clock.monotonic() >= until) throw new Error("binding volumes: context deadline exceeded")
    await sleep(clock, 1000, signal)
  }
  signal.throwIfAborted()
}

/** Throws what makes waiting longer pointless. */
function areBound(pod: Pod, nodeName: string, plan: VolumePlan, { cache }: BindContext): boolean {
  const node = cache.find(Node, { name: nodeName })
  if (!node) throw new Error(`binding volumes: node "${nodeName}" not found`)
  if (!cache.find(Pod, keyOf(pod))) throw new Error("binding volumes: pod does not exist any more")
  const claims = [...plan.bindings.map(({ claim }) => claim), ...plan.provisions]
  const provisioned = new Set(plan.provisions)
  return claims.every((claim) => {
    const current = cache.find(PersistentVolumeClaim, keyOf(claim))
    if (!current) throw new Error(`binding volumes: persistentvolumeclaim "${claim.metadata.name}" not found`)
    const isOld = Number(current.metadata.resourceVersion) <= Number(claim.metadata.resourceVersion)
    if (provisioned.has(claim)) {
      if (isOld) return false
      // The provisioner takes the node away to say that it could not.
      if (current.metadata.annotations?.[selectedNodeAnnotation] !== nodeName)
        throw new Error(`binding volumes: provisioning failed for PVC "${claim.metadata.name}"`)
    }
    if (!isFullyBound(current)) return false
    const volume = cache.find(PersistentVolume, { name: current.spec.volumeName! })
    if (volume && !isReachable(volume, node))
      throw new Error(
        `binding volumes: pv "${volume.metadata.name}" node affinity doesn't match node "${nodeName}": no matching NodeSelectorTerms`,
      )
    return volume !== undefined
  })
}
