/**
 * ReplicaSet: as many pods run as `spec.replicas` says.
 *
 * Owns pods, by owner reference; adopts orphans that its selector selects, releases pods that it no longer selects.
 * Reads ReplicaSets and pods; writes pods, and the ReplicaSet's status.
 * Woken by changes of the ReplicaSet, of its pods, and of orphans it may adopt; by time, when a pod becomes available.
 */
import { ReplicaSet } from "../../api/apps/v1/replica-set.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { controllerOf, keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import { selectorFromObject } from "../../apimachinery/labels.ts"
import type { Cache } from "../../client/cache.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  requeueAfter,
  type Result,
  watch,
} from "../../client/controller.ts"
import { claim, orphanIndex } from "../shared/claim.ts"
import { keysOfOwner } from "../shared/keys-of-owner.ts"
import {
  createPod,
  deletePod,
  isNamespaceTerminating,
  messageOf,
  podFromTemplate,
} from "../shared/pod-control.ts"
import { isActive, nextAvailableInMs } from "../shared/pods.ts"
import { slowStart } from "../shared/slow-start.ts"
import { updateStatusIfChanged } from "../shared/update-status.ts"
import { planReplicas, type ReplicaPlan } from "./plan.ts"
import { computeStatus, type ReplicaFailure } from "./status.ts"

export const replicaSetController: ControllerDefinition = {
  name: "replicaset-controller",
  watches: [
    watch(ReplicaSet, (replicaSet) => [keyOf(replicaSet)]),
    watch(Pod, keysOfOwner(ReplicaSet), orphanIndex),
  ],
  reconcile,
}

async function reconcile(key: ObjectKey, context: ReconcileContext): Promise<Result> {
  const { client, cache, clock } = context

  // Observe.
  const replicaSet = cache.find(ReplicaSet, key)
  if (!replicaSet) return done
  const selector = selectorFromObject(replicaSet.spec.selector)
  const pods = await claim(context, { resource: ReplicaSet, object: replicaSet }, selector, Pod)
  const now = clock.now()

  // Decide. One that is being deleted only watches its pods go.
  const { replicas = 1, minReadySeconds = 0 } = replicaSet.spec
  const plan: ReplicaPlan = replicaSet.metadata.deletionTimestamp
    ? { kind: "enough" }
    : planReplicas(replicas, pods.filter(isActive), () => familyOf(replicaSet, cache), now)

  // Act, then report what was observed, with what went wrong.
  const { failure, error } = await applyPlan(context, replicaSet, plan)
  await updateStatusIfChanged(client, ReplicaSet, replicaSet, computeStatus(replicaSet, pods, failure, now))
  if (error !== undefined) throw error
  const availableInMs = nextAvailableInMs(pods.filter(isActive), minReadySeconds, now)
  return availableInMs === undefined ? done : requeueAfter(availableInMs)
}

async function applyPlan(
  context: ReconcileContext,
  replicaSet: ReplicaSet,
  plan: ReplicaPlan,
): Promise<{ failure?: ReplicaFailure; error?: unknown }> {
  if (plan.kind === "enough") return {}
  if (plan.kind === "delete") {
    const results = await Promise.allSettled(plan.pods.map((pod) => deletePod(context, replicaSet, pod)))
    const error: unknown = results.find((result) => result.status === "rejected")?.reason
    return error === undefined
      ? {}
      : { error, failure: { reason: "FailedDelete", message: messageOf(error) } }
  }
  const pod = podFromTemplate(replicaSet.spec.template, replicaSet)
  const { error } = await slowStart(plan.count, () => createPod(context, replicaSet, pod))
  if (error === undefined || isNamespaceTerminating(error)) return {}
  return { error, failure: { reason: "FailedCreate", message: messageOf(error) } }
}

/** The pods of all ReplicaSets with the same controller: those of one Deployment, old and new. */
function familyOf(replicaSet: ReplicaSet, cache: Cache): readonly Pod[] {
  const owner = controllerOf(replicaSet)
  const siblings = owner ? cache.ownedBy(ReplicaSet, owner.uid) : [replicaSet]
  return siblings.flatMap((sibling) => cache.ownedBy(Pod, sibling.metadata.uid))
}
