import type { PodState, ProbeResults } from "./pod-state.ts"
import { runningContainers } from "./runtime-pod.ts"

/**
 * A container that was found running is as started and as ready as the API knows it to be, until its probes say otherwise:
 * a kubelet that starts anew must not take all pods of its node out of their Services.
 */
export function adoptProbes(state: PodState): PodState {
  const { status } = state.pod
  const statuses = [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])]
  const known = { success: true, message: "" }
  const probes: Record<string, ProbeResults> = {}
  for (const { id, name } of runningContainers(state.runtime)) {
    const before = statuses.find((each) => each.name === name && each.containerID?.endsWith(`://${id}`))
    if (!before) continue
    probes[id] = { ...(before.started && { startup: known }), ...(before.ready && { readiness: known }) }
  }
  return { ...state, probes }
}
