/**
 * Claim protection: a PersistentVolumeClaim that is deleted stays until no pod uses it any more.
 *
 * Reads claims and pods; writes the claims' finalizer. Woken by changes of claims and by pods that go.
 */
import { PersistentVolumeClaim } from "../../api/core/v1/persistent-volume-claim.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import type { Cache } from "../../client/cache.ts"
import type { Client } from "../../client/client.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  type Result,
  watch,
} from "../../client/controller.ts"
import { hasFinalizer, withFinalizer, withoutFinalizer } from "../shared/finalizers.ts"
import { claimNamesOf, ephemeralClaimName, isMadeFor, podsByClaim } from "../../api/core/v1/pod-claims.ts"

const finalizer = "kubernetes.io/pvc-protection"

export const claimProtectionController: ControllerDefinition = {
  name: "persistentvolumeclaim-protection-controller",
  eventSource: "pvc-protection-controller",
  watches: [watch(PersistentVolumeClaim, (claim) => [keyOf(claim)]), watch(Pod, keysOfClaims, podsByClaim)],
  reconcile,
}

async function reconcile(key: ObjectKey, { client, cache }: ReconcileContext): Promise<Result> {
  const claim = cache.find(PersistentVolumeClaim, key)
  if (!claim) return done
  const isProtected = hasFinalizer(claim, finalizer)
  if (!claim.metadata.deletionTimestamp) {
    if (!isProtected) await client.update(PersistentVolumeClaim, withFinalizer(claim, finalizer))
    return done
  }
  if (!isProtected || (await isUsed(client, cache, claim))) return done
  await client.update(PersistentVolumeClaim, withoutFinalizer(claim, finalizer)).catch(ignoreNotFound)
  return done
}

/** What the cache does not show, the server may: a pod that was bound a moment ago. */
async function isUsed(client: Client, cache: Cache, claim: PersistentVolumeClaim): Promise<boolean> {
  const { namespace = "", name } = claim.metadata
  if (cache.byIndex(Pod, "claim", `${namespace}/${name}`).some((pod) => uses(pod, claim))) return true
  const { items } = await client.list(Pod, { namespace })
  return items.some((pod) => uses(pod, claim))
}

/** A pod that is not bound yet will not be started with a claim that is being deleted. */
function uses(pod: Pod, claim: PersistentVolumeClaim): boolean {
  if (!pod.spec.nodeName) return false
  const { name } = claim.metadata
  return (pod.spec.volumes ?? []).some((volume) => {
    if (volume.persistentVolumeClaim) return volume.persistentVolumeClaim.claimName === name
    const isOwn = volume.ephemeral && ephemeralClaimName(pod, volume) === name && isMadeFor(claim, pod)
    return isOwn === true && !isShutDown(pod)
  })
}

/** Its containers have ended, and nothing but its removal is left. */
function isShutDown({ metadata, status }: Pod): boolean {
  const ended = (status.containerStatuses ?? []).every(({ state }) => state?.terminated !== undefined)
  const isTerminal = status.phase === "Succeeded" || status.phase === "Failed"
  return (
    isTerminal ||
    (metadata.deletionTimestamp !== undefined && metadata.deletionGracePeriodSeconds === 0 && ended)
  )
}

function keysOfClaims(pod: Pod): readonly ObjectKey[] {
  return claimNamesOf(pod).map((name) => ({ namespace: pod.metadata.namespace, name }))
}
