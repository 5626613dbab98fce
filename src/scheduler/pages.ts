import { metricsType } from "../base/metrics.ts"
import type { PendingPod } from "./describe-pending.ts"
import type { Scheduler } from "./scheduler.ts"

/**
 * What a scheduler tells of itself, by path:
 *
 *   pending                   every pod that waits, without nodes
 *   pending/NAMESPACE/NAME    one, with what each node failed on
 *   metrics                   in Prometheus' text format
 *   metrics/resources         what pods ask for and may use, while this one works
 */
export function schedulerPage(
  scheduler: Pick<Scheduler, "pending" | "findPending" | "metrics" | "podResources">,
  [first, namespace, name, ...rest]: readonly string[],
): { readonly contentType: string; readonly text: string } | undefined {
  if (rest.length > 0) return undefined
  if (first === "metrics" && namespace === undefined)
    return { contentType: metricsType, text: scheduler.metrics.text() }
  if (first === "metrics" && namespace === "resources" && name === undefined)
    return { contentType: metricsType, text: scheduler.podResources() }
  if (first !== "pending") return undefined
  if (namespace === undefined) return asJson({ pods: scheduler.pending().map(withoutNodes) })
  const found = name === undefined ? undefined : scheduler.findPending(namespace, name)
  return found && asJson(found)
}

function withoutNodes(pod: PendingPod): Omit<PendingPod, "nodes"> {
  const { nodes: _, ...rest } = pod
  return rest
}

function asJson(value: unknown): { readonly contentType: string; readonly text: string } {
  return { contentType: "application/json", text: `${JSON.stringify(value, undefined, 2)}\n` }
}
