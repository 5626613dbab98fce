import { withWork } from "./container-work.ts"
import { findPodContainer, podContainers } from "./pod-containers.ts"
import type { PodState, Step, Terminating } from "./pod-state.ts"
import { newestContainer, type RuntimeContainer, runningContainers } from "./runtime-pod.ts"
import { StepDraft } from "./step-draft.ts"

/**
 * Ending a pod: all containers are told at once, by their preStop hooks. Then main containers are stopped together, and
 * sidecars in the reverse of the order in which they started, each when the one before has gone, so that they serve the main
 * ones to the last (https://kep.k8s.io/753): see `isTurnToStop`, which whoever stops them waits for. All share one grace period;
 * when it is over nobody waits any more, but each has two seconds to end. At last the sandbox.
 */
export function planTerminating(state: PodState, stage: Terminating, nowMs: number): Step {
  const draft = new StepDraft(state)
  abandonStarts(draft)
  for (const container of runningContainers(draft.state.runtime)) stop(draft, container, stage, nowMs)
  if (canStopSandbox(draft.state)) stopSandbox(draft, stage)
  return draft.finish()
}

const minimumGraceSeconds = 2

function abandonStarts(draft: StepDraft): void {
  for (const [name, work] of Object.entries(draft.state.containers)) {
    if (work.kind !== "starting" || work.abandoned) continue
    draft.state = withWork(draft.state, name, { ...work, abandoned: true })
    draft.effect({ kind: "abandonStart", name })
  }
}

/** Whether a container may be stopped now: sidecars wait while a main one, or a later sidecar, is still there. Pure. */
export function isTurnToStop({ pod, runtime, containers, stage }: PodState, name: string): boolean {
  if (stage.kind !== "terminating" || findPodContainer(pod, name)?.role !== "sidecar") return true
  const order = podContainers(pod)
  const own = order.findIndex(({ spec }) => spec.name === name)
  const isThere = (each: string) =>
    containers[each]?.kind === "starting" || newestContainer(runtime, each)?.state === "running"
  return !order.some(({ role, spec }, index) => {
    const isBefore = role === "main" || (role === "sidecar" && index > own)
    return isBefore && isThere(spec.name)
  })
}

function stop(draft: StepDraft, { name, id }: RuntimeContainer, stage: Terminating, nowMs: number): void {
  const elapsedSeconds = Math.floor((nowMs - stage.sinceMs) / 1000)
  const work = draft.state.containers[name]
  const isStopping = work?.kind === "stopping" && work.id === id
  // While it is being stopped the patience it was given counts from then; only a shorter one changes anything.
  const left = isStopping
    ? Math.min(work.gracePeriodSeconds, stage.gracePeriodSeconds)
    : stage.gracePeriodSeconds - elapsedSeconds
  const gracePeriodSeconds = Math.max(left, minimumGraceSeconds)
  if (isStopping && gracePeriodSeconds >= work.gracePeriodSeconds) return
  draft.state = withWork(draft.state, name, { kind: "stopping", id, gracePeriodSeconds })
  const message = isStopping ? "" : `Stopping container ${name}`
  draft.effect({ kind: "stopContainer", name, id, gracePeriodSeconds, message })
}

function canStopSandbox({ runtime, containers, sandbox, setup }: PodState): boolean {
  const busy = Object.values(containers).some(({ kind }) => kind === "starting" || kind === "stopping")
  if (busy || runningContainers(runtime).length > 0 || setup.kind === "preparing") return false
  return sandbox.kind !== "starting" && sandbox.kind !== "stopping"
}

function stopSandbox(draft: StepDraft, stage: Terminating): void {
  // Also where none is known: a call that failed may have made one.
  if (draft.state.sandbox.kind !== "stopped") {
    draft.change({ sandbox: { kind: "stopping" } })
    draft.effect({ kind: "stopSandboxes" })
    return
  }
  draft.change({ stage: { kind: "terminated", cause: stage.cause, cleaning: false } })
}

/** After the end: what the node held is given back, then the API object goes if its deletion was asked for. */
export function planTerminated(state: PodState): Step {
  const draft = new StepDraft(state)
  const { stage, pod } = state
  const isDeleted = pod.metadata.deletionTimestamp !== undefined
  if (stage.kind === "terminated" && !stage.cleaning) {
    draft.change({ stage: { ...stage, cleaning: true } })
    draft.effect({ kind: "cleanUp" })
  }
  if (stage.kind !== "finished") return draft.finish()
  if (stage.cause.kind === "gone") draft.effect({ kind: "forget" })
  else if (isDeleted && !stage.deleting) {
    draft.change({ stage: { ...stage, deleting: true } })
    draft.effect({ kind: "deletePod" })
  }
  return draft.finish()
}
