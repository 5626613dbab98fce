/**
 * Ephemeral volumes: a pod that asks for a volume of its own gets a claim that lives as long as it does.
 *
 * Owns claims named POD-VOLUME, by owner reference; reads pods and claims; creates claims.
 * Woken by pods with such volumes, and by their claims.
 */
import { PersistentVolumeClaim } from "../../api/core/v1/persistent-volume-claim.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import type { Volume } from "../../api/core/v1/volume.ts"
import { keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  type Result,
  watch,
} from "../../client/controller.ts"
import { isNamespaceTerminating } from "../../client/is-namespace-terminating.ts"
import { controllerReference } from "../shared/owner.ts"
import { ephemeralClaimName, isMadeFor } from "../../api/core/v1/pod-claims.ts"
import { isTerminal } from "../shared/pods.ts"
import { messageOf } from "../../base/message-of.ts"

export const ephemeralVolumeController: ControllerDefinition = {
  name: "ephemeral-volume-controller",
  eventSource: "ephemeral_volume",
  watches: [
    watch(Pod, (pod) => (ephemeralVolumesOf(pod).length > 0 ? [keyOf(pod)] : [])),
    watch(PersistentVolumeClaim, ({ metadata }) => {
      const owner = metadata.ownerReferences?.find(({ controller }) => controller)
      return owner?.kind === "Pod" ? [{ namespace: metadata.namespace, name: owner.name }] : []
    }),
  ],
  reconcile,
}

async function reconcile(key: ObjectKey, context: ReconcileContext): Promise<Result> {
  const pod = context.cache.find(Pod, key)
  if (!pod || pod.metadata.deletionTimestamp || isTerminal(pod)) return done
  for (const volume of ephemeralVolumesOf(pod)) {
    try {
      await ensureClaim(context, pod, volume)
    } catch (error) {
      // In a namespace that goes away nothing can be made, and nobody needs to be told.
      if (isNamespaceTerminating(error)) throw error
      const message = `ephemeral volume ${volume.name}: ${messageOf(error)}`
      context.events.event(pod, "Warning", "FailedBinding", message)
      throw error
    }
  }
  return done
}

async function ensureClaim({ client, cache }: ReconcileContext, pod: Pod, volume: Volume): Promise<void> {
  const { namespace } = pod.metadata
  const name = ephemeralClaimName(pod, volume)
  const present = cache.find(PersistentVolumeClaim, { namespace, name })
  if (present) {
    if (isMadeFor(present, pod)) return
    throw new Error(
      `PVC ${namespace}/${name} was not created for pod ${namespace}/${pod.metadata.name} (pod is not owner)`,
    )
  }
  const { metadata, spec } = volume.ephemeral?.volumeClaimTemplate ?? {}
  const { labels, annotations } = metadata ?? {}
  const ownerReferences = [controllerReference(pod)]
  try {
    await client.create(PersistentVolumeClaim, {
      metadata: { namespace, name, labels, annotations, ownerReferences },
      spec,
    })
  } catch (error) {
    if (isNamespaceTerminating(error)) throw error
    throw new Error(`create PVC ${name}: ${messageOf(error)}`, { cause: error })
  }
}

function ephemeralVolumesOf({ spec }: Pod): readonly Volume[] {
  return (spec.volumes ?? []).filter(({ ephemeral }) => ephemeral !== undefined)
}
