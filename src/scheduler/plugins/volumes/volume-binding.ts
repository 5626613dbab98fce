import { storageClassOf } from "../../../api/core/v1/match-volume.ts"
import { Node } from "../../../api/core/v1/node.ts"
import { PersistentVolume } from "../../../api/core/v1/persistent-volume.ts"
import { PersistentVolumeClaim } from "../../../api/core/v1/persistent-volume-claim.ts"
import { claimNamesOf } from "../../../api/core/v1/pod-claims.ts"
import { CSIDriver } from "../../../api/storage/v1/csi-driver.ts"
import { CSIStorageCapacity } from "../../../api/storage/v1/csi-storage-capacity.ts"
import { StorageClass } from "../../../api/storage/v1/storage-class.ts"
import { hint, type Plugin, type Reservation, unresolvable } from "../../framework.ts"
import type { NodeInfo } from "../../node-info.ts"
import type { PodInfo } from "../../pod-info.ts"
import { AssumedObjects } from "./assumed-objects.ts"
import { bindVolumes, claimOn, volumeFor } from "./bind-volumes.ts"
import { podClaims } from "./pod-claims.ts"
import { type PlanningView, planVolumes, type VolumePlan, volumesByClass } from "./plan-volumes.ts"
import { isChanged } from "../../is-changed.ts"

/**
 * Claims that wait for their first consumer are bound when a node is chosen
 * (https://kubernetes.io/docs/concepts/storage/storage-classes/#volume-binding-mode): a free volume that the node can reach,
 * or a new one made there. Until that is written, the volumes count as taken.
 */
export function volumeBinding({ bindTimeoutSeconds = 600 } = {}): Plugin {
  const volumes = new AssumedObjects(PersistentVolume)
  const claims = new AssumedObjects(PersistentVolumeClaim)

  function reserve({ pod }: PodInfo, node: NodeInfo, view: PlanningView): Reservation | undefined {
    const own = podClaims(pod, claims, view.cache)
    if (!own) return undefined
    const plan = "reasons" in own ? own : planVolumes(own, node.node, view)
    if ("reasons" in plan) throw new Error(plan.reasons.join(", "))
    const assumed = assume(plan, node.name)
    if (assumed.bindings.length + assumed.provisions.length === 0) return undefined
    return {
      prepare: (context) => bindVolumes(pod, node.name, assumed, bindTimeoutSeconds * 1000, context),
      undo() {
        for (const { volume } of assumed.bindings) volumes.forget(volume)
        for (const claim of assumed.provisions) claims.forget(claim)
      },
    }
  }

  function assume(plan: VolumePlan, nodeName: string): VolumePlan {
    const bindings = plan.bindings.map(({ claim, volume }) => ({ claim, volume: volumeFor(volume, claim) }))
    const provisions = plan.provisions.map((claim) => claimOn(claim, nodeName))
    for (const { volume } of bindings) volumes.assume(volume)
    for (const claim of provisions) claims.assume(claim)
    return { bindings, provisions }
  }

  return {
    name: "VolumeBinding",
    attach(informers) {
      informers.addIndex(PersistentVolume, volumesByClass, (volume) => [storageClassOf(volume)])
    },
    filter({ pod }, { cache }) {
      const own = podClaims(pod, claims, cache)
      if (!own || "reasons" in own) return own
      return {
        check({ node }) {
          const plan = planVolumes(own, node, { cache, volumes })
          return "reasons" in plan ? unresolvable(...plan.reasons) : undefined
        },
      }
    },
    reserve: (pod, node, { cache }) => reserve(pod, node, { cache, volumes }),
    hints: [
      hint(StorageClass, "add"),
      hint(StorageClass, "update", {
        concerns: (current, previous) => isChanged(current!.allowedTopologies, previous!.allowedTopologies),
      }),
      hint(PersistentVolumeClaim, "add", { mayHelp: usesClaim }),
      hint(PersistentVolumeClaim, "update", { mayHelp: usesClaim }),
      hint(PersistentVolume, "add"),
      hint(PersistentVolume, "update"),
      hint(Node, "add"),
      hint(Node, "update", {
        concerns: (current, previous) => isChanged(current!.metadata.labels, previous!.metadata.labels),
      }),
      hint(CSIDriver, "update", {
        concerns: (current, previous) => !current!.spec.storageCapacity && previous!.spec.storageCapacity,
      }),
      hint(CSIStorageCapacity, "add"),
      hint(CSIStorageCapacity, "update"),
    ],
  }
}

export function usesClaim({ pod }: PodInfo, claim: PersistentVolumeClaim | undefined): boolean {
  return (
    claim!.metadata.namespace === pod.metadata.namespace && claimNamesOf(pod).includes(claim!.metadata.name)
  )
}
