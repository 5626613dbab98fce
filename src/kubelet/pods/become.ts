import type { Pod } from "../../api/core/v1/pod.ts"
import type { PodState, Terminating, TerminationCause } from "./pod-state.ts"
import type { RuntimePod } from "./runtime-pod.ts"

/**
 * A pod as the kubelet first meets it: new, or found running after a restart of the kubelet. One whose work the API knows
 * to be over only has its remains cleared away.
 */
export function createPodState(pod: Pod, runtime: RuntimePod, nowMs: number): PodState {
  const state: PodState = {
    pod,
    stage: { kind: "syncing" },
    runtime,
    setup: { kind: "none" },
    sandbox: { kind: "idle" },
    containers: {},
    backoffs: {},
    probes: {},
    startedAtMs: nowMs,
  }
  if (pod.metadata.deletionTimestamp) return becomeTerminating(state, { kind: "deleted" }, nowMs)
  const { phase } = pod.status
  if (phase === "Succeeded" || phase === "Failed")
    return becomeTerminating(state, { kind: "completed" }, nowMs)
  return state
}

export function becomeRejected(state: PodState, reason: string, message: string): PodState {
  return { ...state, stage: { kind: "rejected", reason, message } }
}

/** From syncing. Throws from anywhere else: a pod is ended once. */
export function becomeTerminating(
  state: PodState,
  cause: TerminationCause,
  nowMs: number,
  gracePeriodSeconds = gracePeriodOf(state.pod),
): PodState {
  if (state.stage.kind !== "syncing") throw new Error(`cannot terminate a pod that is ${state.stage.kind}`)
  return { ...state, stage: { kind: "terminating", cause, sinceMs: nowMs, gracePeriodSeconds } }
}

/** While it terminates: a second deletion may ask for less patience. */
export function lowerGracePeriod(state: PodState, stage: Terminating): PodState {
  const gracePeriodSeconds = Math.min(stage.gracePeriodSeconds, gracePeriodOf(state.pod))
  const cause: TerminationCause = stage.cause.kind === "completed" ? { kind: "deleted" } : stage.cause
  return { ...state, stage: { ...stage, cause, gracePeriodSeconds } }
}

/** What the deletion asked for, else what the pod asks for; at least a second. */
function gracePeriodOf({ metadata, spec }: Pod): number {
  const seconds = metadata.deletionGracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 30
  return Math.max(1, seconds)
}
