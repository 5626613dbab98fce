import { assertNever } from "../../base/assert-never.ts"
import { forgetContainers, withoutFailures, withoutWork, withWork } from "./container-work.ts"
import { becomeTerminating, lowerGracePeriod } from "./become.ts"
import { planSyncing } from "./plan-syncing.ts"
import { planTerminated, planTerminating } from "./plan-terminating.ts"
import type { PodInput, PodState, Step } from "./pod-state.ts"
import { type RuntimeContainer, type RuntimePod, withContainer, withSandbox } from "./runtime-pod.ts"

/**
 * The pod's whole life as one function: what is known, plus what happened, gives what is known next and what to do. It
 * reads in two halves: `absorb` takes the input into the state, `plan` looks at the result and nothing else. So it does
 * not matter which input brought a situation about, nor in which order inputs came.
 */
export function step(state: PodState, input: PodInput, nowMs: number): Step {
  return plan(absorb(state, input, nowMs), nowMs)
}

function plan(state: PodState, nowMs: number): Step {
  switch (state.stage.kind) {
    case "rejected":
      return state.pod.metadata.deletionTimestamp
        ? plan(
            { ...state, stage: { kind: "terminated", cause: { kind: "deleted" }, cleaning: false } },
            nowMs,
          )
        : { state, effects: [] }
    case "syncing": {
      const planned = planSyncing(state, nowMs)
      return planned.state.stage.kind === "syncing" ? planned : continueWith(planned, nowMs)
    }
    case "terminating": {
      const planned = planTerminating(state, state.stage, nowMs)
      return planned.state.stage.kind === "terminating" ? planned : continueWith(planned, nowMs)
    }
    case "terminated":
    case "finished":
      return planTerminated(state)
    default:
      return assertNever(state.stage)
  }
}

/** The stage moved on: what it asked for before that comes first. */
function continueWith({ state, effects }: Step, nowMs: number): Step {
  const next = plan(state, nowMs)
  return { ...next, effects: [...effects, ...next.effects] }
}

function absorb(state: PodState, input: PodInput, nowMs: number): PodState {
  switch (input.kind) {
    case "podChanged":
      return absorbPod(state, input.pod, nowMs)
    case "podGone":
      return absorbGone(state, nowMs)
    case "evict":
      return absorbEviction(state, input, nowMs)
    case "observed":
      return { ...state, runtime: withoutRestarted(state, input.runtime) }
    case "containerObserved":
      return { ...state, runtime: withoutRestarted(state, withContainer(state.runtime, input.container)) }
    case "containersRemoved":
      return forgetContainers(state, input.ids)
    case "setupDone":
      return { ...state, setup: { kind: "ready" } }
    case "setupFailed":
      return { ...state, setup: { kind: "failed", retryAtMs: input.retryAtMs } }
    case "sandboxStarted":
      return {
        ...withoutFailures(state),
        sandbox: { kind: "idle" },
        runtime: withSandbox(state.runtime, input.sandbox),
      }
    case "sandboxFailed":
      return { ...state, sandbox: { kind: "failed", retryAtMs: input.retryAtMs } }
    case "sandboxStopped":
      return { ...state, sandbox: { kind: "stopped" }, runtime: input.runtime }
    case "startDone":
      return withoutWork(state, input.name)
    case "startFailed": {
      const { reason, message, retryAtMs } = input
      return withWork(state, input.name, { kind: "failed", reason, message, retryAtMs })
    }
    case "stopDone": {
      const work = state.containers[input.name]
      // A later stop, with less grace, may have taken this one's place.
      return work?.kind === "stopping" && work.id === input.id ? withoutWork(state, input.name) : state
    }
    case "resized": {
      const container = state.runtime.containers.find(({ id }) => id === input.id)
      const { resizePending: _, ...rest } = withoutWork(state, input.name)
      if (!container) return rest
      const { resources, podResources } = input
      return { ...rest, runtime: withContainer(rest.runtime, { ...container, resources, podResources }) }
    }
    case "resizeFailed":
      return { ...withoutWork(state, input.name), resizePending: input.pending }
    case "resizeJudged": {
      const { resizePending: _, resizingGeneration: __, ...rest } = state
      const { pending, generation } = input
      return pending ? { ...rest, resizePending: pending } : { ...rest, resizingGeneration: generation }
    }
    case "cleaned":
      return state.stage.kind === "terminated"
        ? { ...state, stage: { kind: "finished", cause: state.stage.cause, deleting: false } }
        : state
    case "cleanFailed":
      return state.stage.kind === "terminated"
        ? { ...state, stage: { ...state.stage, cleaning: false } }
        : state
    case "deleteFailed":
      return state.stage.kind === "finished"
        ? { ...state, stage: { ...state.stage, deleting: false } }
        : state
    case "probed": {
      const known = state.probes[input.id]
      return { ...state, probes: { ...state.probes, [input.id]: { ...known, [input.probe]: input.result } } }
    }
    case "retryNow":
      return retryNow(state, nowMs)
    case "timer":
      return state
    default:
      return assertNever(input)
  }
}

/** What was removed so that all begin anew may be seen once more, by somebody who looked before. */
function withoutRestarted({ restarts }: PodState, runtime: RuntimePod): RuntimePod {
  if (!restarts) return runtime
  const isOld = ({ name, attempt }: RuntimeContainer) => attempt < (restarts[name] ?? 0)
  if (!runtime.containers.some(isOld)) return runtime
  return { ...runtime, containers: runtime.containers.filter((container) => !isOld(container)) }
}

/** One that ends already may get less time to. */
function absorbEviction(state: PodState, input: PodInput & { kind: "evict" }, nowMs: number): PodState {
  const { stage } = state
  if (stage.kind === "syncing")
    return becomeTerminating(state, { ...input, kind: "evicted" }, nowMs, input.gracePeriodSeconds)
  const { gracePeriodSeconds = Number.POSITIVE_INFINITY } = input
  if (stage.kind !== "terminating" || gracePeriodSeconds >= stage.gracePeriodSeconds) return state
  return { ...state, stage: { ...stage, gracePeriodSeconds } }
}

function absorbPod(state: PodState, pod: PodState["pod"], nowMs: number): PodState {
  const next = { ...state, pod }
  if (!pod.metadata.deletionTimestamp) return next
  if (state.stage.kind === "syncing") return becomeTerminating(next, { kind: "deleted" }, nowMs)
  if (state.stage.kind === "terminating") return lowerGracePeriod(next, state.stage)
  return next
}

function absorbGone(state: PodState, nowMs: number): PodState {
  const cause = { kind: "gone" } as const
  const { stage } = state
  if (stage.kind === "syncing") return becomeTerminating(state, cause, nowMs)
  if (stage.kind === "rejected") return { ...state, stage: { kind: "terminated", cause, cleaning: false } }
  // Forced deletion of a pod that terminates already: no more patience than the API had.
  if (stage.kind === "terminating") return { ...state, stage: { ...stage, cause } }
  return { ...state, stage: { ...stage, cause } }
}

/** What waits for its next try has its turn now. */
function retryNow(state: PodState, nowMs: number): PodState {
  const containers = Object.fromEntries(
    Object.entries(state.containers).map(([name, work]) => [
      name,
      work.kind === "failed" ? { ...work, retryAtMs: nowMs } : work,
    ]),
  )
  const setup = state.setup.kind === "failed" ? { ...state.setup, retryAtMs: nowMs } : state.setup
  const { resizePending: _, ...rest } = state
  return { ...rest, containers, setup }
}
