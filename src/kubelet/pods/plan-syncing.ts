import { parseTime } from "../../apimachinery/time.ts"
import { becomeTerminating } from "./become.ts"
import { hashContainer } from "./hash-container.ts"
import { planContainers } from "./plan-containers.ts"
import { isRestartingAll, planRestartAll } from "./plan-restart-all.ts"
import { mayRestartToResize } from "./plan-resize.ts"
import { podContainers } from "./pod-containers.ts"
import type { PodState, Step } from "./pod-state.ts"
import { shouldRestart } from "./restart-policy.ts"
import { currentSandbox, newestContainer } from "./runtime-pod.ts"
import { StepDraft } from "./step-draft.ts"

/** What a pod that should run needs next: in order its volumes, its sandbox, its containers. */
export function planSyncing(state: PodState, nowMs: number): Step {
  const draft = new StepDraft(state)
  if (endsByDeadline(draft, nowMs) || endsByCompletion(draft, nowMs)) return draft.finish()
  if (isPrepared(draft, nowMs) && hasSandbox(draft, nowMs) && !planRestartAll(draft))
    planContainers(draft, nowMs)
  return draft.finish()
}

const deadlineMessage = "Pod was active on the node longer than the specified deadline"

function endsByDeadline(draft: StepDraft, nowMs: number): boolean {
  const { spec, status } = draft.state.pod
  if (spec.activeDeadlineSeconds === undefined) return false
  const startedAtMs = status.startTime ? parseTime(status.startTime) : draft.state.startedAtMs
  const deadlineMs = startedAtMs + spec.activeDeadlineSeconds * 1000
  if (nowMs < deadlineMs) {
    draft.wakeAt(deadlineMs)
    return false
  }
  const reason = "DeadlineExceeded"
  draft.effect({ kind: "event", type: "Normal", reason, message: deadlineMessage })
  draft.state = becomeTerminating(draft.state, { kind: "evicted", reason, message: deadlineMessage }, nowMs)
  return true
}

function endsByCompletion(draft: StepDraft, nowMs: number): boolean {
  if (!isCompleted(draft.state)) return false
  draft.state = becomeTerminating(draft.state, { kind: "completed" }, nowMs)
  return true
}

/** Every main container has ended for good, or an init container has failed for good. */
export function isCompleted(state: PodState): boolean {
  const { pod, runtime, containers } = state
  if (isRestartingAll(state)) return false
  const endedForGood = (container: ReturnType<typeof podContainers>[number], failed: boolean) => {
    const newest = newestContainer(runtime, container.spec.name)
    if (newest?.state !== "exited" || containers[container.spec.name]?.kind === "starting") return false
    // Whoever changed a container's image wants it to run, whatever the restart policy.
    if (newest.specHash !== "" && newest.specHash !== hashContainer(container.spec)) return false
    if (mayRestartToResize(state, container.spec, newest)) return false
    if (failed && newest.exitCode === 0) return false
    return !shouldRestart(container, pod.spec.restartPolicy, newest.exitCode)
  }
  const all = podContainers(pod)
  if (all.some((container) => container.role === "init" && endedForGood(container, true))) return true
  return all.every((container) => container.role !== "main" || endedForGood(container, false))
}

function isPrepared(draft: StepDraft, nowMs: number): boolean {
  const { setup } = draft.state
  if (setup.kind === "ready") return true
  if (setup.kind === "failed" && nowMs < setup.retryAtMs) draft.wakeAt(setup.retryAtMs)
  else if (setup.kind !== "preparing") {
    draft.change({ setup: { kind: "preparing" } })
    draft.effect({ kind: "prepare" })
  }
  return false
}

function hasSandbox(draft: StepDraft, nowMs: number): boolean {
  const { sandbox: work, runtime } = draft.state
  const sandbox = currentSandbox(runtime)
  if (sandbox?.ready) {
    if (work.kind === "stopped") draft.change({ sandbox: { kind: "idle" } })
    return true
  }
  if (work.kind === "starting" || work.kind === "stopping") return false
  if (work.kind === "failed" && nowMs < work.retryAtMs) {
    draft.wakeAt(work.retryAtMs)
    return false
  }
  if (sandbox && work.kind === "idle") {
    // It died. What still runs in its namespaces must go before they are made anew.
    const message = "Pod sandbox changed, it will be killed and re-created."
    draft.effect({ kind: "event", type: "Normal", reason: "SandboxChanged", message })
    draft.change({ sandbox: { kind: "stopping" } })
    draft.effect({ kind: "stopSandboxes" })
    return false
  }
  const attempt = sandbox ? sandbox.attempt + 1 : 0
  draft.change({ sandbox: { kind: "starting", attempt } })
  draft.effect({ kind: "startSandbox", attempt })
  return false
}
