import { quantityValue } from "../../apimachinery/quantity.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { computePodLimits } from "../../api/core/v1/pod-resources.ts"
import type { ResourceRequirements } from "../../api/core/v1/resource-requirements.ts"
import { withPodLimits } from "../containers/pod-limits.ts"
import type { PodUsage } from "../node-host.ts"
import { findPodContainer } from "./pod-containers.ts"
import type { PodState } from "./pod-state.ts"
import { resourceViews } from "./given-resources.ts"

/** Why a container's memory is not limited to less now: it, or its pod, uses more. In upstream's words. */
export function refuseBelowUsage(state: PodState, id: string, usage: PodUsage): string | undefined {
  const container = state.runtime.containers.find((each) => each.id === id)
  if (!container) return undefined
  const { given } = resourceViews(state)
  const spec = findPodContainer(state.pod, container.name)?.spec
  const problems = [
    refuse("pod", podMemory(given), podMemory(state.pod), usage.group?.memoryUsageBytes),
    refuse(
      `container "${container.name}"`,
      memoryLimit(withPodLimits(container.resources, container.podResources)),
      memoryLimit(withPodLimits(spec?.resources, state.pod.spec.resources)),
      usage.containers.get(id)?.memoryUsageBytes,
    ),
  ].filter((problem) => problem !== undefined)
  // As Go joins several errors.
  return problems.length > 1 ? `[${problems.join(", ")}]` : problems[0]
}

function refuse(
  what: string,
  current: number | undefined,
  wanted: number | undefined,
  usedBytes: number | undefined,
): string | undefined {
  if (wanted === undefined || (current !== undefined && wanted >= current)) return undefined
  if (usedBytes === undefined || usedBytes < wanted) return undefined
  return `attempting to set ${what} memory limit (${wanted}) below current usage (${usedBytes})`
}

/** What a pod as a whole may use; undefined where one of its containers may use what it likes. */
function podMemory(pod: Pod): number | undefined {
  const own = pod.spec.resources
  const isLimited = pod.spec.containers.every(
    ({ resources }) => memoryLimit(withPodLimits(resources, own)) !== undefined,
  )
  const limit = computePodLimits(pod)["memory"]
  return isLimited && limit ? quantityValue(limit.text) : undefined
}

function memoryLimit({ limits }: ResourceRequirements): number | undefined {
  const limit = limits?.["memory"]
  const bytes = limit === undefined ? 0 : quantityValue(limit)
  return bytes > 0 ? bytes : undefined
}
