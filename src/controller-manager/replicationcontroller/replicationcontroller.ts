/**
 * ReplicationController: as ReplicaSet, which took its place, with a plain map for a selector.
 *
 * Owns pods, by owner reference; reads ReplicationControllers and pods; writes pods and the status.
 * Woken by changes of the controller, of its pods, and of orphans it may adopt; by time, when a pod becomes available.
 */
import { podStatusRestMs } from "../shared/pod-status-rest.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { ReplicationController } from "../../api/core/v1/replication-controller.ts"
import { nothing, type Selector, selectorFromLabels } from "../../apimachinery/labels.ts"
import { keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  type Result,
  watch,
} from "../../client/controller.ts"
import { reconcileReplicas } from "../replicaset/reconcile-replicas.ts"
import { orphanIndex } from "../shared/claim.ts"
import { keysOfOwner } from "../shared/keys-of-owner.ts"
import { updateStatusIfChanged } from "../shared/update-status.ts"

export const replicationControllerController: ControllerDefinition = {
  name: "replicationcontroller-controller",
  restMs: podStatusRestMs,
  eventSource: "replication-controller",
  watches: [
    watch(ReplicationController, (controller) => [keyOf(controller)]),
    watch(Pod, keysOfOwner(ReplicationController, selectorOf), orphanIndex),
  ],
  reconcile,
}

async function reconcile(key: ObjectKey, context: ReconcileContext): Promise<Result> {
  const { cache, client } = context
  const controller = cache.find(ReplicationController, key)
  if (!controller?.spec.template) return done
  return reconcileReplicas(context, {
    resource: ReplicationController,
    object: controller,
    selector: selectorOf(controller),
    template: controller.spec.template,
    family: () => cache.ownedBy(Pod, controller.metadata.uid),
    report: (full) => {
      const { terminatingReplicas: _, ...status } = full
      return updateStatusIfChanged(client, ReplicationController, controller, status)
    },
  })
}

/** An empty selector selects nothing here. */
function selectorOf({ spec }: ReplicationController): Selector {
  return Object.keys(spec.selector ?? {}).length > 0 ? selectorFromLabels(spec.selector) : nothing
}
