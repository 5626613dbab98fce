import { formatTime } from "../../apimachinery/time.ts"
import type { ContainerStatus } from "../../api/core/v1/container-status.ts"
import type { Pod, PodCondition, PodPhase } from "../../api/core/v1/pod.ts"
import { podContainers } from "../pods/pod-containers.ts"

export interface ConditionsInput {
  readonly pod: Pod
  readonly phase: PodPhase
  readonly statuses: readonly ContainerStatus[]
  /** The sandbox runs and the pod has its address. */
  readonly hasSandbox: boolean
  readonly disruption: { readonly reason: string; readonly message: string } | undefined
  readonly resizePending: { readonly reason: string; readonly message: string } | undefined
  readonly isResizing: boolean
  /** All containers begin anew, and some are still there. */
  readonly restartingAll: boolean
  readonly nowMs: number
}

/** The conditions that the kubelet owns, in upstream's order. Others on the pod are left to whoever set them. */
export const kubeletConditions: readonly string[] = [
  "PodReadyToStartContainers",
  "Initialized",
  "Ready",
  "ContainersReady",
  "PodScheduled",
  "DisruptionTarget",
  "PodResizePending",
  "PodResizeInProgress",
  "AllContainersRestarting",
]

type Verdict = Pick<PodCondition, "status" | "reason" | "message">

export function computePodConditions(input: ConditionsInput): PodCondition[] {
  const { pod, phase, statuses, nowMs } = input
  const containersReady = judgeContainers(pod, phase, statuses)
  const verdicts: [string, Verdict][] = [
    ["PodReadyToStartContainers", { status: input.hasSandbox ? "True" : "False" }],
    ["Initialized", judgeInitialized(pod, phase, statuses)],
    ["Ready", judgeGates(pod, containersReady)],
    ["ContainersReady", containersReady],
    ["PodScheduled", { status: "True" }],
  ]
  const { disruption } = input
  if (disruption) verdicts.push(["DisruptionTarget", { status: "True", ...disruption }])
  const { resizePending, isResizing } = input
  if (resizePending) {
    const { reason, message } = resizePending
    const type = reason === "Error" ? "PodResizeInProgress" : "PodResizePending"
    verdicts.push([type, { status: "True", reason, message }])
  }
  if (isResizing && resizePending?.reason !== "Error")
    verdicts.push(["PodResizeInProgress", { status: "True" }])
  const mayRestartAll = podContainers(pod).some(({ spec }) =>
    spec.restartPolicyRules?.some(({ action }) => action === "RestartAllContainers"),
  )
  if (mayRestartAll) verdicts.push(["AllContainersRestarting", judgeRestart(phase, input.restartingAll)])
  return verdicts.map(([type, verdict]) => withTimes(pod, type, verdict, nowMs))
}

function judgeRestart(phase: PodPhase, restartingAll: boolean): Verdict {
  if (phase === "Succeeded") return { status: "False", reason: "PodCompleted" }
  if (phase === "Failed") return { status: "False", reason: "PodFailed" }
  if (!restartingAll) return { status: "False" }
  const message = "container exited with restart policy rule"
  return { status: "True", reason: "RestartAllContainersStarted", message }
}

function withTimes(pod: Pod, type: string, verdict: Verdict, nowMs: number): PodCondition {
  const known = pod.status.conditions?.find((condition) => condition.type === type)
  const { generation } = pod.metadata
  return {
    type,
    ...(generation !== undefined && { observedGeneration: generation }),
    status: verdict.status,
    lastProbeTime: null as never,
    lastTransitionTime: known?.status === verdict.status ? known.lastTransitionTime : formatTime(nowMs),
    ...(verdict.reason && { reason: verdict.reason }),
    ...(verdict.message && { message: verdict.message }),
  }
}

function judgeInitialized(pod: Pod, phase: PodPhase, statuses: readonly ContainerStatus[]): Verdict {
  const byName = new Map(statuses.map((status) => [status.name, status]))
  const containers = podContainers(pod)
  // A main container that runs, or ran, proves that initialization was over.
  const isInitialized = containers.some(({ role, spec }) => {
    const status = byName.get(spec.name)
    return (
      role === "main" && (status?.state.running || status?.state.terminated || status?.lastState.terminated)
    )
  })
  if (phase === "Succeeded") return { status: "True", reason: "PodCompleted" }
  if (isInitialized) return { status: "True" }
  const incomplete = containers.filter(({ role, spec }) => {
    const status = byName.get(spec.name)
    if (role === "sidecar") return status?.started !== true
    return role === "init" && status?.state.terminated?.exitCode !== 0
  })
  if (incomplete.length === 0) return { status: "True" }
  const names = incomplete.map(({ spec }) => spec.name)
  return {
    status: "False",
    reason: "ContainersNotInitialized",
    message: `containers with incomplete status: [${names.join(" ")}]`,
  }
}

function judgeContainers(pod: Pod, phase: PodPhase, statuses: readonly ContainerStatus[]): Verdict {
  if (phase === "Succeeded") return { status: "False", reason: "PodCompleted" }
  if (phase === "Failed") return { status: "False", reason: "PodFailed" }
  const byName = new Map(statuses.map((status) => [status.name, status]))
  const needed = podContainers(pod).filter(({ role }) => role === "main" || role === "sidecar")
  const names = needed.map(({ spec }) => spec.name)
  const unknown = names.filter((name) => !byName.has(name))
  const unready = names.filter((name) => byName.get(name)?.ready === false)
  const problems = [
    ...(unknown.length > 0 ? [`containers with unknown status: [${unknown.join(" ")}]`] : []),
    ...(unready.length > 0 ? [`containers with unready status: [${unready.join(" ")}]`] : []),
  ]
  if (problems.length === 0) return { status: "True" }
  return { status: "False", reason: "ContainersNotReady", message: problems.join(", ") }
}

/** Readiness gates are conditions that others set; the pod is ready when they are all true as well. */
function judgeGates(pod: Pod, containersReady: Verdict): Verdict {
  if (containersReady.status !== "True") return containersReady
  const problems = (pod.spec.readinessGates ?? []).flatMap(({ conditionType }) => {
    const condition = pod.status.conditions?.find(({ type }) => type === conditionType)
    if (!condition)
      return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`]
    if (condition.status !== "True")
      return [`the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`]
    return []
  })
  if (problems.length === 0) return { status: "True" }
  return { status: "False", reason: "ReadinessGatesNotReady", message: problems.join(", ") }
}
