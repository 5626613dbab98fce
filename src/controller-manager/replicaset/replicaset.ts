/**
 * ReplicaSet: as many pods run as `spec.replicas` says.
 *
 * Owns pods, by owner reference; adopts orphans that its selector selects, releases pods that it no longer selects.
 * Reads ReplicaSets and pods; writes pods, and the ReplicaSet's status.
 * Woken by changes of the ReplicaSet, of its pods, and of orphans it may adopt; by time, when a pod becomes available.
 */
import { podStatusRestMs } from "../shared/pod-status-rest.ts"
import { ReplicaSet } from "../../api/apps/v1/replica-set.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { selectorFromObject } from "../../apimachinery/labels.ts"
import { controllerOf, keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import type { Cache } from "../../client/cache.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  type Result,
  watch,
} from "../../client/controller.ts"
import { orphanIndex } from "../shared/claim.ts"
import { keysOfOwner } from "../shared/keys-of-owner.ts"
import { updateStatusIfChanged } from "../shared/update-status.ts"
import { reconcileReplicas } from "./reconcile-replicas.ts"

export const replicaSetController: ControllerDefinition = {
  name: "replicaset-controller",
  restMs: podStatusRestMs,
  watches: [
    watch(ReplicaSet, (replicaSet) => [keyOf(replicaSet)]),
    watch(Pod, keysOfOwner(ReplicaSet), orphanIndex),
  ],
  reconcile,
}

async function reconcile(key: ObjectKey, context: ReconcileContext): Promise<Result> {
  const replicaSet = context.cache.find(ReplicaSet, key)
  if (!replicaSet) return done
  return reconcileReplicas(context, {
    resource: ReplicaSet,
    object: replicaSet,
    selector: selectorFromObject(replicaSet.spec.selector),
    template: replicaSet.spec.template,
    family: () => familyOf(replicaSet, context.cache),
    report: (status) => updateStatusIfChanged(context.client, ReplicaSet, replicaSet, status),
  })
}

/** The pods of all ReplicaSets with the same controller: those of one Deployment, old and new. */
function familyOf(replicaSet: ReplicaSet, cache: Cache): readonly Pod[] {
  const owner = controllerOf(replicaSet)
  const siblings = owner ? cache.ownedBy(ReplicaSet, owner.uid) : [replicaSet]
  return siblings.flatMap((sibling) => cache.ownedBy(Pod, sibling.metadata.uid))
}
