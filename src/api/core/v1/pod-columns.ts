import { formatAge } from "../../../apimachinery/human-duration.ts"
import type { Column } from "../../../apimachinery/resource.ts"
import { ageColumn, column, nameColumn, orNone, textOf, wideColumn } from "../../columns.ts"
import type { ContainerStateTerminated, ContainerStatus } from "./container-status.ts"
import type { Pod } from "./pod.ts"
import { isSidecar } from "./pod-resources.ts"

/**
 * What `kubectl get pods` says of a pod in one word: the first thing that stands in its way, else how far it is. Init
 * containers come first, since nothing runs before they have done their part.
 */
interface Summary {
  status: string
  readonly ready: number
  readonly restarts: number
  /** "" if nothing ever restarted. */
  readonly lastRestart: string
}

export const podColumns: readonly Column<Pod>[] = [
  nameColumn,
  column(
    "Ready",
    "The aggregate readiness state of this pod for accepting traffic.",
    (pod) => `${summarizePod(pod).ready}/${countContainers(pod)}`,
  ),
  column("Status", "The aggregate status of the containers in this pod.", (pod) => summarizePod(pod).status),
  column(
    "Restarts",
    "The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.",
    formatRestarts,
  ),
  ageColumn,
  wideColumn("IP", textOf("core.v1.PodStatus", "podIP"), (pod) => orNone(pod.status.podIPs?.[0]?.ip)),
  wideColumn("Node", textOf("core.v1.PodSpec", "nodeName"), (pod) => orNone(pod.spec.nodeName)),
  wideColumn("Nominated Node", textOf("core.v1.PodStatus", "nominatedNodeName"), (pod) =>
    orNone(pod.status.nominatedNodeName),
  ),
  wideColumn("Readiness Gates", textOf("core.v1.PodSpec", "readinessGates"), formatReadinessGates),
]

/** Ordinary containers, and the sidecars that run beside them. */
function countContainers({ spec }: Pod): number {
  return (spec.containers ?? []).length + (spec.initContainers ?? []).filter(isSidecar).length
}

function formatRestarts(pod: Pod, now: number): string {
  const { restarts, lastRestart } = summarizePod(pod)
  return restarts > 0 && lastRestart ? `${restarts} (${formatAge(lastRestart, now)} ago)` : String(restarts)
}

function formatReadinessGates({ spec, status }: Pod): string {
  const gates = spec.readinessGates ?? []
  if (gates.length === 0) return "<none>"
  const met = gates.filter((gate) => hasCondition(status, gate.conditionType))
  return `${met.length}/${gates.length}`
}

function hasCondition({ conditions = [] }: Pod["status"], type: string): boolean {
  return conditions.find((condition) => condition.type === type)?.status === "True"
}

export function summarizePod(pod: Pod): Summary {
  const initializing = summarizeInitContainers(pod)
  const isInitialized = initializing.status === "" || hasCondition(pod.status, "Initialized")
  const summary = isInitialized ? summarizeContainers(pod, initializing) : initializing
  return { ...summary, status: terminatingStatus(pod) ?? (summary.status || baseStatus(pod)) }
}

function baseStatus({ status }: Pod): string {
  const scheduled = status.conditions?.find((condition) => condition.type === "PodScheduled")
  if (scheduled?.reason === "SchedulingGated") return "SchedulingGated"
  return status.reason || status.phase || ""
}

function terminatingStatus({ metadata, status }: Pod): string | undefined {
  if (!metadata.deletionTimestamp) return undefined
  if (status.reason === "NodeLost") return "Unknown"
  return status.phase === "Succeeded" || status.phase === "Failed" ? undefined : "Terminating"
}

/** `status` is "" once all init containers have done their part. */
interface InitSummary extends Summary {
  readonly sidecarRestarts: number
  readonly lastSidecarRestart: string
}

function summarizeInitContainers({ spec, status }: Pod): InitSummary {
  const sidecars = new Set((spec.initContainers ?? []).filter(isSidecar).map((container) => container.name))
  const summary = {
    status: "",
    ready: 0,
    restarts: 0,
    lastRestart: "",
    sidecarRestarts: 0,
    lastSidecarRestart: "",
  }
  for (const [index, container] of (status.initContainerStatuses ?? []).entries()) {
    const isRestartable = sidecars.has(container.name)
    summary.restarts += container.restartCount
    summary.lastRestart = laterOf(summary.lastRestart, container)
    if (isRestartable) {
      summary.sidecarRestarts += container.restartCount
      summary.lastSidecarRestart = laterOf(summary.lastSidecarRestart, container)
    }
    if (container.state?.terminated?.exitCode === 0) continue
    if (isRestartable && container.started) {
      if (container.ready) summary.ready++
      continue
    }
    summary.status = initStatus(container) ?? `Init:${index}/${spec.initContainers?.length ?? 0}`
    break
  }
  return summary
}

function initStatus({ state }: ContainerStatus): string | undefined {
  if (state?.terminated) return `Init:${terminatedReason(state.terminated)}`
  const waiting = state?.waiting?.reason
  return waiting && waiting !== "PodInitializing" ? `Init:${waiting}` : undefined
}

function terminatedReason({ reason, signal, exitCode }: ContainerStateTerminated): string {
  return reason || (signal ? `Signal:${signal}` : `ExitCode:${exitCode}`)
}

function laterOf(date: string, { lastState }: ContainerStatus): string {
  const finished = lastState?.terminated?.finishedAt ?? ""
  return finished > date ? finished : date
}

function summarizeContainers(pod: Pod, initializing: InitSummary): Summary {
  let status = initializing.status
  let ready = initializing.ready
  let restarts = initializing.sidecarRestarts
  let lastRestart = initializing.lastSidecarRestart
  let hasRunning = false
  let errorStatus = ""
  // From the last to the first, so that the first one that has something to say has the last word.
  for (const container of (pod.status.containerStatuses ?? []).toReversed()) {
    restarts += container.restartCount
    lastRestart = laterOf(lastRestart, container)
    const { waiting, terminated, running } = container.state ?? {}
    if (waiting?.reason) status = waiting.reason
    else if (terminated) {
      status = terminatedReason(terminated)
      if (terminated.exitCode !== 0) errorStatus = status
    } else if (container.ready && running) {
      hasRunning = true
      ready++
    }
  }
  const isCompleted = (status || baseStatus(pod)) === "Completed"
  if (isCompleted) status = completedStatus(pod, hasRunning, errorStatus)
  return { status, ready, restarts, lastRestart }
}

/** Not all have completed if some still run, and all is not well if another one failed. */
function completedStatus({ status }: Pod, hasRunning: boolean, errorStatus: string): string {
  if (hasRunning && hasCondition(status, "Ready")) return "Running"
  return errorStatus || (hasRunning ? "NotReady" : "Completed")
}
