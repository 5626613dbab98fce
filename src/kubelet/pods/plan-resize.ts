import { canonicalJson } from "../../apimachinery/hash.ts"
import { parseQuantity } from "../../apimachinery/quantity.ts"
import type { Container } from "../../api/core/v1/container.ts"
import type { ResourceRequirements } from "../../api/core/v1/resource-requirements.ts"
import { withWork } from "./container-work.ts"
import { findPodContainer } from "./pod-containers.ts"
import { type RuntimeContainer, runningContainers } from "./runtime-pod.ts"
import type { StepDraft } from "./step-draft.ts"

/**
 * Requests and limits that were changed while a container runs are given to it in place, one container at a time
 * (https://kep.k8s.io/1287). What the node cannot give waits until the specification changes again, or others have gone.
 */
export function planResize(draft: StepDraft): void {
  const { pod, runtime, containers, resizePending } = draft.state
  if (resizePending && resizePending.generation === (pod.metadata.generation ?? 0)) return
  if (Object.values(containers).some(({ kind }) => kind === "resizing")) return
  for (const running of runningContainers(runtime)) {
    if (containers[running.name] !== undefined) continue
    const container = findPodContainer(pod, running.name)
    if (!container || (container.role !== "main" && container.role !== "sidecar")) continue
    if (!differs(container.spec.resources, running.resources)) continue
    draft.state = withWork(draft.state, running.name, { kind: "resizing", id: running.id })
    draft.effect({ kind: "resizeContainer", name: running.name, id: running.id })
    return
  }
}

/** True when a resource changed that the container wants to be restarted for. */
export function needsRestartToResize(container: Container, running: RuntimeContainer): boolean {
  return (container.resizePolicy ?? []).some(
    ({ resourceName, restartPolicy }) =>
      restartPolicy === "RestartContainer" && changesResource(container, running, resourceName),
  )
}

/** True when the container is to have more or less of the resource than it was given. */
export function changesResource(
  container: Container,
  { resources }: RuntimeContainer,
  resourceName: string,
): boolean {
  return differs(only(container.resources, resourceName), only(resources, resourceName))
}

function only(
  { requests, limits }: ResourceRequirements = {},
  name: string,
): Pick<ResourceRequirements, "requests" | "limits"> {
  const pick = (list: typeof requests) => (list?.[name] === undefined ? {} : { [name]: list[name] })
  return { requests: pick(requests), limits: pick(limits) }
}

function differs(wanted: ResourceRequirements | undefined, given: ResourceRequirements): boolean {
  return canonicalJson(normal(wanted)) !== canonicalJson(normal(given))
}

/** "1" and "1000m" are the same; resources that cannot be changed do not count. */
function normal({ requests, limits }: ResourceRequirements = {}): object {
  const amounts = (list: typeof requests = {}) =>
    ["cpu", "memory"].map((name) => (list[name] === undefined ? "" : String(parseQuantity(list[name]).nanos)))
  return { requests: amounts(requests), limits: amounts(limits) }
}
