import { forgetContainers, withoutWork, withWork } from "./container-work.ts"
import { raiseBackoff, restartAllowedAtMs } from "./crash-backoff.ts"
import { hashContainer } from "./hash-container.ts"
import { formatPod, type PodContainer, podContainers } from "./pod-containers.ts"
import { planResize, restartsToResize } from "./plan-resize.ts"
import type { PodState } from "./pod-state.ts"
import { shouldRestart } from "./restart-policy.ts"
import { currentSandbox, newestContainer, type RuntimeContainer, runningContainers } from "./runtime-pod.ts"
import type { StepDraft } from "./step-draft.ts"

/**
 * Which containers to stop and which one to start next, once volumes and sandbox are there. Init containers and sidecars
 * start one after the other, each waiting for the one before (an init container to end, a sidecar to have started); then
 * the main ones, in order but not waiting; ephemeral ones whenever they come.
 */
export function planContainers(draft: StepDraft, nowMs: number): void {
  stopUnfit(draft)
  for (const container of startable(draft.state)) planStart(draft, container, nowMs)
  planResize(draft, nowMs)
  removeOldAttempts(draft)
}

/** Running containers that must not go on as they are. */
function stopUnfit(draft: StepDraft): void {
  for (const running of runningContainers(draft.state.runtime)) {
    const work = draft.state.containers[running.name]
    if (work?.kind === "stopping" || work?.kind === "starting" || work?.kind === "resizing") continue
    const verdict = whyStop(draft.state, running)
    if (!verdict) continue
    const { gracePeriodSeconds, message } = verdict
    draft.state = withWork(draft.state, running.name, {
      kind: "stopping",
      id: running.id,
      gracePeriodSeconds,
    })
    draft.effect({ kind: "stopContainer", name: running.name, id: running.id, gracePeriodSeconds, message })
  }
}

function whyStop(
  state: PodState,
  running: RuntimeContainer,
): { message: string; gracePeriodSeconds: number } | undefined {
  const { pod, probes, runtime } = state
  const gracePeriodSeconds = pod.spec.terminationGracePeriodSeconds ?? 30
  const container = podContainers(pod).find(({ spec }) => spec.name === running.name)
  if (!container || running.sandboxId !== currentSandbox(runtime)?.id)
    return { message: `Stopping container ${running.name}`, gracePeriodSeconds }
  const { spec } = container
  // Rules look at exit codes, and there is none yet.
  const restarts = (spec.restartPolicy ?? pod.spec.restartPolicy) !== "Never"
  const say = (what: string, willRestart: boolean) =>
    `Container ${running.name} ${what}${willRestart ? ", will be restarted" : ""}`
  if (hasChanged(container, running)) return { message: say("definition changed", true), gracePeriodSeconds }
  if (restartsToResize(state, spec, running))
    return { message: say("resize requires restart", true), gracePeriodSeconds }
  const { liveness, startup } = probes[running.id] ?? {}
  if (liveness?.success === false)
    return {
      message: say("failed liveness probe", restarts),
      gracePeriodSeconds: spec.livenessProbe?.terminationGracePeriodSeconds ?? gracePeriodSeconds,
    }
  if (startup?.success === false)
    return {
      message: say("failed startup probe", restarts),
      gracePeriodSeconds: spec.startupProbe?.terminationGracePeriodSeconds ?? gracePeriodSeconds,
    }
  return undefined
}

/** Whether it is defined otherwise now. An init container does its work as it was begun. */
function hasChanged({ spec, role }: PodContainer, { specHash }: RuntimeContainer): boolean {
  return role !== "init" && specHash !== "" && specHash !== hashContainer(spec)
}

/** The containers whose turn it is, in order. Whether they need a start is planStart's question. */
function startable(state: PodState): PodContainer[] {
  const all = podContainers(state.pod)
  const ephemeral = all.filter(({ role }) => role === "ephemeral")
  const main = all.filter(({ role }) => role === "main")
  const before = all.filter(({ role }) => role === "init" || role === "sidecar")
  // Once a main container has been made, initialization was over: init containers may have been cleared away since.
  if (main.some(({ spec }) => inCurrentSandbox(state, spec.name)))
    return [...before.filter(({ role }) => role === "sidecar"), ...main, ...ephemeral]
  const turn: PodContainer[] = []
  for (const container of before) {
    turn.push(container)
    if (!letsNextStart(state, container)) return [...turn.filter(isUnfinished(state)), ...ephemeral]
  }
  return [...turn.filter(({ role }) => role === "sidecar"), ...main, ...ephemeral]
}

/** The newest attempt in the sandbox of today: those in earlier ones count for nothing but restarts. */
function inCurrentSandbox({ runtime }: PodState, name: string): RuntimeContainer | undefined {
  const newest = newestContainer(runtime, name)
  return newest?.sandboxId === currentSandbox(runtime)?.id ? newest : undefined
}

function letsNextStart(state: PodState, { role, spec }: PodContainer): boolean {
  const container = inCurrentSandbox(state, spec.name)
  if (role === "init") return container?.state === "exited" && container.exitCode === 0
  // A start that is under way may still be running its postStart hook.
  if (container?.state !== "running" || state.containers[spec.name]?.kind === "starting") return false
  return !spec.startupProbe || state.probes[container.id]?.startup?.success === true
}

/** An init container that is done is not started again, whatever its restart policy says. */
function isUnfinished(state: PodState): (container: PodContainer) => boolean {
  return (container) => container.role !== "init" || !letsNextStart(state, container)
}

function planStart(draft: StepDraft, container: PodContainer, nowMs: number): void {
  const { name } = container.spec
  const work = draft.state.containers[name]
  if (work?.kind === "starting" || work?.kind === "stopping" || work?.kind === "resizing") return
  const current = inCurrentSandbox(draft.state, name)
  if (current?.state === "running") {
    if (work) draft.state = withoutWork(draft.state, name)
    return
  }
  if (work?.kind === "failed" && nowMs < work.retryAtMs) return draft.wakeAt(work.retryAtMs)
  if (current?.state === "exited" && !mayRestart(draft, container, current, nowMs)) return
  // Order of start is order of the specification: one at a time. Its end brings us here again.
  if (Object.values(draft.state.containers).some(({ kind }) => kind === "starting")) return
  start(draft, container, current, nowMs)
}

/** Whether a container that ended is started again, now. If later, the wait is noted. */
function mayRestart(
  draft: StepDraft,
  container: PodContainer,
  ended: RuntimeContainer,
  nowMs: number,
): boolean {
  const { pod, backoffs } = draft.state
  const { name } = container.spec
  // One that was ended for it is wanted back, whatever the restart policy.
  const changed = hasChanged(container, ended) || restartsToResize(draft.state, container.spec, ended)
  if (!changed && !shouldRestart(container, pod.spec.restartPolicy, ended.exitCode)) return false
  const backoff = backoffs[name]
  const untilMs = restartAllowedAtMs(backoff, ended.finishedAtMs)
  if (nowMs >= untilMs || changed) return true
  draft.wakeAt(untilMs)
  if (draft.state.containers[name]?.kind !== "backingOff") {
    const restarting = "restarting failed container"
    draft.effect({
      kind: "event",
      type: "Warning",
      reason: "BackOff",
      message: `Back-off ${restarting} ${name} in pod ${formatPod(pod)}`,
      container: name,
    })
    const delay = formatDelay(backoff!.delayMs)
    const message = `back-off ${delay} ${restarting}=${name} pod=${formatPod(pod)}`
    draft.state = withWork(draft.state, name, { kind: "backingOff", untilMs, message })
  }
  return false
}

function start(
  draft: StepDraft,
  { spec: { name } }: PodContainer,
  current: RuntimeContainer | undefined,
  nowMs: number,
): void {
  const attempt = nextAttempt(draft.state, name)
  if (current?.state === "exited") {
    const backoff = raiseBackoff(draft.state.backoffs[name], current.finishedAtMs, nowMs)
    draft.change({ backoffs: { ...draft.state.backoffs, [name]: backoff } })
  }
  // One that was made but never started, by a kubelet that died in between.
  else if (current) remove(draft, [current])
  draft.state = withWork(draft.state, name, { kind: "starting", attempt })
  draft.effect({ kind: "startContainer", name, attempt, sandboxId: currentSandbox(draft.state.runtime)!.id })
}

/** Of each container, the last dead attempt is kept beside the newest, for `kubectl logs --previous`. */
function removeOldAttempts(draft: StepDraft): void {
  const seen = new Map<string, number>()
  const old = draft.state.runtime.containers.filter(({ name, state }) => {
    const newer = seen.get(name) ?? 0
    seen.set(name, newer + 1)
    return state === "exited" && newer > 1
  })
  if (old.length > 0) remove(draft, old)
  removeOldSandboxes(draft)
}

/** Those in whose place another has come, once nothing of what ran in them is kept. */
function removeOldSandboxes(draft: StepDraft): void {
  const { runtime } = draft.state
  const old = runtime.sandboxes
    .slice(1)
    .filter(({ id, ready }) => !ready && !runtime.containers.some(({ sandboxId }) => sandboxId === id))
  if (old.length === 0) return
  draft.effect({ kind: "removeSandboxes", ids: old.map(({ id }) => id) })
  draft.change({
    runtime: { ...runtime, sandboxes: runtime.sandboxes.filter((sandbox) => !old.includes(sandbox)) },
  })
}

function remove(draft: StepDraft, containers: readonly RuntimeContainer[]): void {
  draft.effect({
    kind: "removeContainers",
    containers: containers.map(({ id, logPath }) => ({ id, logPath })),
  })
  draft.state = forgetContainers(
    draft.state,
    containers.map(({ id }) => id),
  )
}

/** One more than the newest the runtime knows; after it has lost its memory, one more than the API knows. */
function nextAttempt({ runtime, pod, restarts }: PodState, name: string): number {
  const newest = newestContainer(runtime, name)
  if (newest) return newest.attempt + 1
  if (restarts?.[name] !== undefined) return restarts[name]
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status
  const known = [...containerStatuses, ...initContainerStatuses].find((status) => status.name === name)
  return known?.containerID ? known.restartCount + 1 : 0
}

/** "10s", "1m20s", "5m0s". */
function formatDelay(delayMs: number): string {
  const seconds = Math.round(delayMs / 1000)
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`
}
