import type { Pod } from "../../api/core/v1/pod.ts"
import { computePodRequests, isPodLevelResource, isSidecar } from "../../api/core/v1/pod-resources.ts"
import { quantityMilliValue } from "../../apimachinery/quantity.ts"
import { MetricError } from "./propose-replicas.ts"

/**
 * What each pod (or its container of that name) requests of a resource, in thousandths, by pod name. Throws MetricError where
 * one does not say: a percentage of it cannot be told then.
 */
export function requestsOf(
  pods: readonly Pod[],
  resource: string,
  container: string,
): ReadonlyMap<string, number> {
  return new Map(pods.map((pod) => [pod.metadata.name, requestOf(pod, resource, container)]))
}

function requestOf(pod: Pod, resource: string, container: string): number {
  const { name } = pod.metadata
  const asAWhole = Object.keys(pod.spec.resources?.requests ?? {}).some(isPodLevelResource)
  if (asAWhole && container === "") {
    const request = computePodRequests(pod)[resource]
    if (!request) throw new MetricError(`missing pod-level request for ${resource} in Pod ${name}`)
    return quantityMilliValue(request)
  }
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? []).filter(isSidecar)]
  const asked = containers.filter((each) => container === "" || each.name === container)
  if (asked.length === 0) throw new MetricError(`container ${container} not found in Pod ${name}`)
  let total = 0
  for (const each of asked) {
    const request = each.resources?.requests?.[resource]
    if (request === undefined)
      throw new MetricError(`missing request for ${resource} in container ${each.name} of Pod ${name}`)
    total += quantityMilliValue(request)
  }
  return total
}
