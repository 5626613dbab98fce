/**
 * Taint eviction: a pod leaves a node that has a NoExecute taint which it does not tolerate, or no longer.
 *
 * Reads nodes and pods; deletes pods.
 * Woken by changes of pods that are bound to a node, by changes of nodes with such taints, and when a toleration ends.
 */
import { Node } from "../../api/core/v1/node.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  requeueAfter,
  type Result,
  watch,
} from "../../client/controller.ts"
import { disruptionTarget, disruptPod } from "../shared/disrupt-pod.ts"
import { podsByNode } from "../shared/pods-by-node.ts"
import { planEviction } from "./plan.ts"
import { TaintEvictionMetrics } from "./taint-eviction-metrics.ts"

export function createTaintEvictionController(metrics = new TaintEvictionMetrics()): ControllerDefinition {
  /** Pods that are to go at some time, and since when we know: from then on it counts, whatever happens to clocks. */
  const pending = new Map<string, number>()
  return {
    name: "taint-eviction-controller",
    watches: [
      // Nodes change all the time; only the taints that drive pods off matter, before or after the change.
      watch(Node, (node, cache) =>
        evictingTaints(node).length > 0 ? cache.byIndex(Pod, "node", node.metadata.name).map(keyOf) : [],
      ),
      watch(Pod, (pod) => (pod.spec.nodeName ? [keyOf(pod)] : []), podsByNode),
    ],
    workers: 8,
    reconcile: (key, context) => reconcile(key, context, pending, metrics),
  }
}

async function reconcile(
  key: ObjectKey,
  context: ReconcileContext,
  pending: Map<string, number>,
  metrics: TaintEvictionMetrics,
): Promise<Result> {
  const { cache, clock, events } = context
  const id = `${key.namespace}/${key.name}`

  // Observe.
  const pod = cache.find(Pod, key)
  const node = pod?.spec.nodeName ? cache.find(Node, { name: pod.spec.nodeName }) : undefined
  const taints = node ? evictingTaints(node) : []
  if (!pod || pod.metadata.deletionTimestamp) {
    pending.delete(id)
    return done
  }

  // Decide.
  const plan = planEviction(pod, taints)
  if (plan.kind === "stay") {
    if (pending.delete(id))
      events.event(pod, "Normal", "TaintManagerEviction", `Cancelling deletion of Pod ${id}`)
    return done
  }
  let dueMs = clock.monotonic()
  if (plan.kind === "evictAfter") {
    const sinceMs = pending.get(id) ?? clock.monotonic()
    pending.set(id, sinceMs)
    dueMs = sinceMs + plan.delayMs
    const leftMs = dueMs - clock.monotonic()
    if (leftMs > 0) return requeueAfter(leftMs)
  }

  // Act.
  events.event(pod, "Normal", "TaintManagerEviction", `Marking for deletion Pod ${id}`)
  const condition = disruptionTarget(
    {
      reason: "DeletionByTaintManager",
      message: "Taint manager: deleting due to NoExecute taint",
      observedGeneration: pod.metadata.generation,
    },
    clock.now(),
  )
  if (await disruptPod(context, pod, { conditions: [condition] })) metrics.deleted(clock.monotonic() - dueMs)
  pending.delete(id)
  return done
}

function evictingTaints({ spec }: Node) {
  return (spec.taints ?? []).filter(({ effect }) => effect === "NoExecute")
}
