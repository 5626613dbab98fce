import { formatTime } from "../../apimachinery/time.ts"
import type {
  ContainerState,
  ContainerStateTerminated,
  ContainerStatus,
  ResourceStatus,
} from "../../api/core/v1/container-status.ts"
import type { ResourceRequirements } from "../../api/core/v1/resource-requirements.ts"
import type { PodContainer } from "../pods/pod-containers.ts"
import type { ContainerWork, PodState } from "../pods/pod-state.ts"
import type { RuntimeContainer } from "../pods/runtime-pod.ts"

export interface ContainerStatusContext {
  /** "containerd": prefix of container ids. */
  readonly runtimeName: string
  /** What a container waits for when nothing is known to be wrong: "ContainerCreating" or "PodInitializing". */
  readonly defaultWaitingReason: string
  /** What the API last said, for what the runtime has forgotten. */
  readonly previous: ContainerStatus | undefined
  /** What the node has set aside for it. */
  readonly allocated: ResourceRequirements
  /** How the devices are that it was given. */
  readonly deviceHealth: readonly ResourceStatus[]
  /** Where the runtime has nothing of it: whether it was there at all. */
  readonly mayHaveRun: boolean
}

/** The status of one container, from what the runtime shows and what the kubelet is doing about it. Pure. */
export function computeContainerStatus(
  { runtime, containers, probes, stage, restarts }: PodState,
  container: PodContainer,
  context: ContainerStatusContext,
): ContainerStatus {
  const { spec, role } = container
  const attempts = runtime.containers.filter(({ name }) => name === spec.name)
  const [newest, before] = attempts
  const work = containers[spec.name]
  const over = stage.kind === "terminated" || stage.kind === "finished"
  if (!newest && restarts?.[spec.name] !== undefined && !over)
    return beforeRestart(container, work, restarts[spec.name]!)
  if (!newest) return withoutRuntime(container, work, over, context)

  const waiting = newest.state === "exited" && !over ? waitingOf(work) : undefined
  const state = waiting ? { waiting } : stateOf(newest, context)
  const started = newest.state === "running" && isStarted(container, newest, work, probes)
  return {
    name: spec.name,
    state,
    lastState: lastStateOf([newest, before], waiting !== undefined, restarts?.[spec.name], context),
    ready: isReady(role, newest, started, container, probes),
    restartCount: newest.attempt,
    image: newest.image || (spec.image ?? ""),
    imageID: newest.imageRef,
    containerID: `${context.runtimeName}://${newest.id}`,
    started,
    ...resourcesOf(newest, context.allocated),
    ...(context.deviceHealth.length > 0 && { allocatedResourcesStatus: [...context.deviceHealth] }),
    ...volumeMountsOf(container),
    ...(newest.user &&
      newest.state === "running" && {
        user: { linux: { ...newest.user, supplementalGroups: [...newest.user.supplementalGroups] } },
      }),
  }
}

/** What the attempt before ended with. */
function lastStateOf(
  [newest, before]: readonly [RuntimeContainer, RuntimeContainer | undefined],
  isWaiting: boolean,
  /** The attempt with which it began anew with all others, if it has. */
  restartedAt: number | undefined,
  context: ContainerStatusContext,
): ContainerState {
  if (isWaiting) return { terminated: terminated(newest, context) }
  if (newest.attempt === restartedAt) return { terminated: removedForRestart }
  if (before?.state === "exited") return { terminated: terminated(before, context) }
  return context.previous?.lastState ?? {}
}

/** Why containers wait, and ended, that were removed so that all of the pod begin anew. */
export const restartingAllReason = "RestartingAllContainers"

const whyRemoved = {
  reason: restartingAllReason,
  message: "The container is removed because RestartAllContainers in place",
}

/** However it ended, nothing of it is left that could tell. */
const removedForRestart: ContainerStateTerminated = {
  exitCode: 137,
  ...whyRemoved,
  startedAt: null as never,
  finishedAt: null as never,
}

/** It was removed so that all containers begin anew. */
function beforeRestart(
  { spec }: PodContainer,
  work: ContainerWork | undefined,
  restartCount: number,
): ContainerStatus {
  return {
    name: spec.name,
    state: { waiting: waitingOf(work) ?? whyRemoved },
    lastState: { terminated: removedForRestart },
    ready: false,
    restartCount,
    image: spec.image ?? "",
    imageID: "",
    started: false,
    ...volumeMountsOf({ spec }),
  }
}

/** Nothing of it in the runtime: it has not been made yet, or its remains have been lost. */
function withoutRuntime(
  { spec, role }: PodContainer,
  work: ContainerWork | undefined,
  over: boolean,
  { previous, defaultWaitingReason, mayHaveRun }: ContainerStatusContext,
): ContainerStatus {
  if (previous && over && mayHaveRun) {
    const state = lostState(previous)
    const ready = role === "init" && state.terminated?.exitCode === 0
    return { ...previous, ready, started: false, state }
  }
  const lost = previous?.state.running !== undefined
  const wasTerminated = previous?.state.terminated
  return {
    name: spec.name,
    state: { waiting: waitingOf(work) ?? { reason: defaultWaitingReason } },
    lastState: lost
      ? { terminated: unlocatable(previous.containerID) }
      : wasTerminated
        ? { terminated: wasTerminated }
        : (previous?.lastState ?? {}),
    ready: false,
    restartCount: (previous?.restartCount ?? 0) + (lost ? 1 : 0),
    image: spec.image ?? "",
    imageID: "",
    started: false,
    ...volumeMountsOf({ spec }),
  }
}

function lostState(previous: ContainerStatus): ContainerState {
  if (previous.state.terminated) return previous.state
  return { terminated: unlocatable(previous.containerID) }
}

function unlocatable(containerID: string | undefined): ContainerStateTerminated {
  return {
    exitCode: 137,
    reason: "ContainerStatusUnknown",
    message: "The container could not be located when the pod was terminated",
    startedAt: null as never,
    finishedAt: null as never,
    ...(containerID && { containerID }),
  }
}

function waitingOf(work: ContainerWork | undefined): ContainerState["waiting"] {
  if (work?.kind === "failed") return { reason: work.reason, ...(work.message && { message: work.message }) }
  if (work?.kind === "backingOff") return { reason: "CrashLoopBackOff", message: work.message }
  return undefined
}

function stateOf(container: RuntimeContainer, context: ContainerStatusContext): ContainerState {
  if (container.state === "running") return { running: { startedAt: formatTime(container.startedAtMs) } }
  if (container.state === "exited") return { terminated: terminated(container, context) }
  return { waiting: { reason: context.defaultWaitingReason } }
}

function terminated(
  { id, exitCode, reason, message, startedAtMs, finishedAtMs }: RuntimeContainer,
  { runtimeName }: ContainerStatusContext,
): ContainerStateTerminated {
  return {
    exitCode,
    ...(reason && { reason }),
    ...(message && { message }),
    startedAt: formatTime(startedAtMs),
    finishedAt: formatTime(finishedAtMs),
    containerID: `${runtimeName}://${id}`,
  }
}

function isStarted(
  { spec }: PodContainer,
  { id }: RuntimeContainer,
  work: ContainerWork | undefined,
  probes: PodState["probes"],
): boolean {
  // While its postStart hook runs, a container has not started.
  if (work?.kind === "starting") return false
  return !spec.startupProbe || probes[id]?.startup?.success === true
}

function isReady(
  role: PodContainer["role"],
  newest: RuntimeContainer,
  started: boolean,
  { spec }: PodContainer,
  probes: PodState["probes"],
): boolean {
  if (role === "init") return newest.state === "exited" && newest.exitCode === 0
  if (role === "ephemeral") return false
  return started && (!spec.readinessProbe || probes[newest.id]?.readiness?.success === true)
}

/** What was set aside for it, and what it has: the same until a resize is under way. */
function resourcesOf(
  { state, resources }: RuntimeContainer,
  allocated: ResourceRequirements,
): Pick<ContainerStatus, "allocatedResources" | "resources"> {
  return {
    ...(allocated.requests && { allocatedResources: allocated.requests }),
    resources: state === "running" ? resources : allocated,
  }
}

function volumeMountsOf({ spec }: Pick<PodContainer, "spec">): Pick<ContainerStatus, "volumeMounts"> {
  if (!spec.volumeMounts?.length) return {}
  return {
    volumeMounts: spec.volumeMounts.map(({ name, mountPath, readOnly }) => ({
      name,
      mountPath,
      ...(readOnly && { readOnly, recursiveReadOnly: "Disabled" }),
    })),
  }
}
