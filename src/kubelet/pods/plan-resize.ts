import { parseQuantity } from "../../apimachinery/quantity.ts"
import type { Container } from "../../api/core/v1/container.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { ResourceList, ResourceRequirements } from "../../api/core/v1/resource-requirements.ts"
import { withPodLimits } from "../containers/pod-limits.ts"
import { withWork } from "./container-work.ts"
import { type PodContainer, podContainers } from "./pod-containers.ts"
import type { PodState } from "./pod-state.ts"
import { resizeMessage } from "./resize-message.ts"
import { newestContainer, type RuntimeContainer } from "./runtime-pod.ts"
import type { StepDraft } from "./step-draft.ts"

/**
 * Requests and limits that were changed while a container runs are given to it in place, one container at a time
 * (https://kep.k8s.io/1287), and so are those of the pod as a whole (https://kep.k8s.io/5419). First the node is asked whether
 * it has room for all of them; what it cannot give waits until the specification changes again, or others have gone.
 */
export function planResize(draft: StepDraft, nowMs: number): void {
  const { state } = draft
  const generation = state.pod.metadata.generation ?? 0
  const changed = changedContainers(state)
  if (changed.length === 0) return endResize(draft)
  if (isRefused(state)) return
  const { retryAtMs } = state.resizePending ?? {}
  if (retryAtMs !== undefined && nowMs < retryAtMs) return draft.wakeAt(retryAtMs)
  if (state.resizingGeneration !== generation) return draft.effect({ kind: "judgeResize" })
  if (Object.values(state.containers).some(({ kind }) => kind === "resizing")) return
  for (const { id, name } of changed) {
    if (state.containers[name] !== undefined) continue
    draft.state = withWork(state, name, { kind: "resizing", id })
    return draft.effect({ kind: "resizeContainer", name, id })
  }
}

/**
 * Containers that have other requests and limits than they should, those too that have ended to begin anew with them. What an
 * init container had that has done its work is no matter any more.
 */
function changedContainers({ pod, runtime }: PodState): RuntimeContainer[] {
  return podContainers(pod).flatMap(({ role, spec }: PodContainer) => {
    const newest = role === "ephemeral" ? undefined : newestContainer(runtime, spec.name)
    if (newest?.state === "exited")
      return role !== "init" && needsRestartToResize(pod, spec, newest) ? [newest] : []
    if (newest?.state !== "running") return []
    const isSame =
      isAlike(spec.resources, newest.resources) && isAlike(pod.spec.resources, newest.podResources)
    return isSame ? [] : [newest]
  })
}

/** All have what they should: a resize that was under way is done, one that waited is not wanted any more. */
function endResize(draft: StepDraft): void {
  const { resizePending, resizingGeneration, ...rest } = draft.state
  if (!resizePending && resizingGeneration === undefined) return
  draft.state = rest
  if (resizingGeneration === undefined) return
  const message = resizeMessage(rest.pod, "completed")
  draft.effect({ kind: "event", type: "Normal", reason: "ResizeCompleted", message })
}

/** The node has no room for what the specification asks for. */
function isRefused({ pod, resizePending }: PodState): boolean {
  if (!resizePending || resizePending.reason === "Error") return false
  return resizePending.generation === (pod.metadata.generation ?? 0)
}

/** True when a resource changed that the container wants to be restarted for, and the node has room for it. */
export function restartsToResize(state: PodState, spec: Container, container: RuntimeContainer): boolean {
  const { pod, resizingGeneration } = state
  return resizingGeneration === (pod.metadata.generation ?? 0) && needsRestartToResize(pod, spec, container)
}

/** One that ended so will begin again, unless the node has said no. */
export function mayRestartToResize(state: PodState, spec: Container, ended: RuntimeContainer): boolean {
  return !isRefused(state) && needsRestartToResize(state.pod, spec, ended)
}

function needsRestartToResize(pod: Pod, spec: Container, container: RuntimeContainer): boolean {
  return (spec.resizePolicy ?? []).some(
    ({ resourceName, restartPolicy }) =>
      restartPolicy === "RestartContainer" && changesResource(pod, spec, container, resourceName),
  )
}

/** True when the container is to have more or less of the resource than it was given, by itself or by its pod. */
export function changesResource(
  pod: Pod,
  spec: Container,
  { resources, podResources }: RuntimeContainer,
  resourceName: string,
): boolean {
  const wanted = withPodLimits(spec.resources, pod.spec.resources)
  return !isAlike(wanted, withPodLimits(resources, podResources), [resourceName])
}

/** "1" and "1000m" are the same; resources that cannot be changed do not count. */
function isAlike(
  one: ResourceRequirements | undefined,
  other: ResourceRequirements | undefined,
  names: readonly string[] = ["cpu", "memory"],
): boolean {
  return names.every(
    (name) =>
      isSame(one?.requests?.[name], other?.requests?.[name]) &&
      isSame(one?.limits?.[name], other?.limits?.[name]),
  )
}

type Amount = ResourceList[string]

function isSame(one: Amount | undefined, other: Amount | undefined): boolean {
  if (one === other) return true
  if (one === undefined || other === undefined) return false
  return parseQuantity(one).nanos === parseQuantity(other).nanos
}
