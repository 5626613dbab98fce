import type { Container } from "../../api/core/v1/container.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { PodState } from "./pod-state.ts"
import { newestContainer } from "./runtime-pod.ts"

/** A pod with requests and limits that differ from those of its specification while a resize waits or is under way. */
export interface ResourceViews {
  /** What the node has set aside for it. */
  readonly allocated: Pod
  /** What its containers have. */
  readonly given: Pod
}

export function resourceViews(state: PodState): ResourceViews {
  const { pod, resizePending, resizingGeneration } = state
  if (!resizePending && resizingGeneration === undefined) return { allocated: pod, given: pod }
  const given = asGiven(state)
  // What the node has no room for it has not set aside; what failed on the way it has.
  return { allocated: resizePending && resizePending.reason !== "Error" ? given : pod, given }
}

function asGiven({ pod, runtime }: PodState): Pod {
  const given = (container: Container): Container => {
    const newest = newestContainer(runtime, container.name)
    return newest ? { ...container, resources: newest.resources } : container
  }
  const { podResources } = pod.spec.containers
    .map(({ name }) => newestContainer(runtime, name))
    .find((newest) => newest !== undefined) ?? { podResources: pod.spec.resources }
  const { initContainers, containers, resources: _, ...rest } = pod.spec
  return {
    ...pod,
    spec: {
      ...rest,
      ...(initContainers && { initContainers: initContainers.map(given) }),
      containers: containers.map(given),
      ...(podResources && { resources: podResources }),
    },
  }
}
