import type { Container } from "../../api/core/v1/container.ts"
import type { LimitRange } from "../../api/core/v1/limit-range.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { ResourceList } from "../../api/core/v1/resource-requirements.ts"

const annotation = "kubernetes.io/limit-ranger"

interface Defaults {
  readonly requests: ResourceList
  readonly limits: ResourceList
}

/** The pod with the sizes that its containers leave open, and a note of them; the same pod when none was open. */
export function defaultResources(pod: Pod, { spec }: LimitRange): Pod {
  const containers = spec.limits.filter(({ type }) => type === "Container")
  const defaults: Defaults = {
    requests: Object.assign({}, ...containers.map(({ defaultRequest }) => defaultRequest)) as ResourceList,
    limits: Object.assign({}, ...containers.map((item) => item.default)) as ResourceList,
  }
  const notes: string[] = []
  const complete = (list: readonly Container[] | undefined, what: string) =>
    list?.map((container) => completeContainer(container, defaults, what, notes))
  const completedContainers = complete(pod.spec.containers, "container")
  const initContainers = complete(pod.spec.initContainers, "init container")
  if (notes.length === 0) return pod
  const { annotations } = pod.metadata
  const note = `LimitRanger plugin set: ${notes.join("; ")}`
  return {
    ...pod,
    metadata: { ...pod.metadata, annotations: { ...annotations, [annotation]: note } },
    spec: {
      ...pod.spec,
      containers: completedContainers ?? [],
      ...(initContainers && { initContainers }),
    },
  }
}

function completeContainer(
  container: Container,
  defaults: Defaults,
  what: string,
  notes: string[],
): Container {
  const { requests, limits } = container.resources ?? {}
  const open = (list: ResourceList | undefined, from: ResourceList) =>
    Object.keys(from)
      .filter((name) => list?.[name] === undefined)
      .sort()
  const openRequests = open(requests, defaults.requests)
  const openLimits = open(limits, defaults.limits)
  if (openRequests.length > 0) notes.push(`${openRequests.join(", ")} request for ${what} ${container.name}`)
  if (openLimits.length > 0) notes.push(`${openLimits.join(", ")} limit for ${what} ${container.name}`)
  if (openRequests.length + openLimits.length === 0) return container
  return {
    ...container,
    resources: {
      ...container.resources,
      ...(openRequests.length > 0 && { requests: { ...defaults.requests, ...requests } }),
      ...(openLimits.length > 0 && { limits: { ...defaults.limits, ...limits } }),
    },
  }
}
