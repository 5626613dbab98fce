import { formatTime } from "../../apimachinery/time.ts"
import type { Container } from "../../api/core/v1/container.ts"
import type { ContainerStatus, ResourceStatus } from "../../api/core/v1/container-status.ts"
import type { Pod, PodPhase, PodStatus } from "../../api/core/v1/pod.ts"
import { type Amounts, computePodLimits, computePodRequests } from "../../api/core/v1/pod-resources.ts"
import type { ResourceList } from "../../api/core/v1/resource-requirements.ts"
import { podIpsOf } from "../pods/pod-addresses.ts"
import { type ResourceViews, resourceViews } from "../pods/given-resources.ts"
import { findPodContainer, type PodContainer, podContainers } from "../pods/pod-containers.ts"
import type { PodState } from "../pods/pod-state.ts"
import { currentSandbox } from "../pods/runtime-pod.ts"
import { computeContainerStatus } from "./container-status.ts"
import { mayHaveRun } from "./may-have-run.ts"
import { computePodConditions } from "./pod-conditions.ts"
import { computePodPhase } from "./pod-phase.ts"
import { qosClassOf } from "./qos-class.ts"

export interface NodeView {
  /** The node's addresses, the primary first. */
  readonly hostIps: readonly string[]
  readonly runtimeName: string
  /** How the devices are that a container was given. @default nothing is known */
  readonly deviceHealth?: (pod: Pod, container: Container) => readonly ResourceStatus[]
}

/** The part of a pod's status that the kubelet owns, from what it knows of the pod. Pure. */
export function computePodStatus(state: PodState, node: NodeView, nowMs: number): PodStatus {
  const { pod, stage } = state
  if (stage.kind === "rejected") return rejectedStatus(state, stage, node)
  const containers = podContainers(pod)
  const views = resourceViews(state)
  const statusOf = (container: PodContainer) => containerStatusOf(state, container, views.allocated, node)
  const init = containers.filter(({ role }) => role === "init" || role === "sidecar").map(statusOf)
  const main = containers.filter(({ role }) => role === "main").map(statusOf)
  const ephemeral = containers.filter(({ role }) => role === "ephemeral").map(statusOf)

  const isOver = stage.kind === "terminated" || stage.kind === "finished"
  const evicted = stage.kind !== "syncing" && stage.cause.kind === "evicted" ? stage.cause : undefined
  const phase: PodPhase = phaseOf(state, { init, main, isOver }, evicted !== undefined)
  const failed = phase === "Failed"
  const { ips, hasSandbox } = addressesOf(state, node)
  const { generation } = pod.metadata
  return {
    ...(generation !== undefined && { observedGeneration: generation }),
    phase,
    conditions: computePodConditions({
      pod,
      phase,
      statuses: [...init, ...main],
      hasSandbox,
      disruption: evicted?.condition,
      resizePending: state.resizePending,
      isResizing: state.resizingGeneration !== undefined,
      restartingAll: state.restartingAll ?? false,
      nowMs,
    }),
    ...messageOf(pod, failed ? evicted : undefined),
    ...hostAddresses(node),
    ...(ips.length > 0 && { podIP: ips[0]!, podIPs: ips.map((ip) => ({ ip })) }),
    startTime: pod.status.startTime ?? formatTime(state.startedAtMs),
    ...(init.length > 0 && { initContainerStatuses: init }),
    containerStatuses: main,
    ...(ephemeral.length > 0 && { ephemeralContainerStatuses: ephemeral }),
    qosClass: qosClassOf(pod),
    ...resourcesOfPod(views),
  }
}

/** What was set aside for the pod as a whole, and what it has (https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/5419-pod-level-resources-in-place-resize). */
function resourcesOfPod({
  allocated,
  given,
}: ResourceViews): Pick<PodStatus, "allocatedResources" | "resources"> {
  const allocatedRequests = textsOf(computePodRequests(allocated))
  const requests = given === allocated ? allocatedRequests : textsOf(computePodRequests(given))
  const limits = textsOf(computePodLimits(given))
  return {
    ...(allocatedRequests && { allocatedResources: allocatedRequests }),
    resources: { ...(limits && { limits }), ...(requests && { requests }) },
  }
}

function textsOf(amounts: Amounts): ResourceList | undefined {
  const entries = Object.entries(amounts)
  return entries.length === 0
    ? undefined
    : Object.fromEntries(entries.map(([name, { text }]) => [name, text]))
}

function phaseOf(
  { pod, restartingAll }: PodState,
  parts: Pick<Parameters<typeof computePodPhase>[0], "init" | "main" | "isOver">,
  isEvicted: boolean,
): PodPhase {
  // A pod that has ended once has ended: its phase never goes back.
  const { phase } = pod.status
  if (phase === "Succeeded" || phase === "Failed") return phase
  // How its containers ended, those that were stopped for it too, will be no matter.
  if (restartingAll && !parts.isOver) return phase ?? "Pending"
  const runs = [...parts.init, ...parts.main].some(({ state }) => state.running)
  const computed = computePodPhase({ pod, ...parts })
  const hasEnded = computed === "Succeeded" || computed === "Failed"
  // Whom the kubelet has ended has failed, however well its containers took it.
  if (isEvicted && (parts.isOver || (hasEnded && !runs))) return "Failed"
  // Nobody may think that it has ended while something of it still runs.
  return runs && hasEnded ? (phase ?? "Running") : computed
}

function containerStatusOf(
  state: PodState,
  container: PodContainer,
  allocated: Pod,
  node: NodeView,
): ContainerStatus {
  const { spec, status } = state.pod
  const { name } = container.spec
  const previous = [
    ...(status.initContainerStatuses ?? []),
    ...(status.containerStatuses ?? []),
    ...(status.ephemeralContainerStatuses ?? []),
  ].find((known) => known.name === name)
  return computeContainerStatus(state, container, {
    runtimeName: node.runtimeName,
    deviceHealth: node.deviceHealth?.(state.pod, container.spec) ?? [],
    defaultWaitingReason: spec.initContainers?.length ? "PodInitializing" : "ContainerCreating",
    previous,
    allocated: findPodContainer(allocated, name)?.spec.resources ?? {},
    mayHaveRun: mayHaveRun(state.pod, container),
  })
}

function addressesOf(
  { pod, runtime }: PodState,
  node: NodeView,
): { ips: readonly string[]; hasSandbox: boolean } {
  const sandbox = currentSandbox(runtime)
  const known = pod.status.podIPs?.map(({ ip }) => ip) ?? []
  if (!sandbox?.ready) return { ips: known, hasSandbox: false }
  const ips = podIpsOf({ pod, runtime }, node.hostIps)
  return { ips, hasSandbox: ips.length > 0 }
}

function hostAddresses({ hostIps }: NodeView): Pick<PodStatus, "hostIP" | "hostIPs"> {
  const [primary] = hostIps
  return primary === undefined ? {} : { hostIP: primary, hostIPs: hostIps.map((ip) => ({ ip })) }
}

function messageOf(
  pod: Pod,
  evicted: { reason: string; message: string } | undefined,
): Pick<PodStatus, "reason" | "message"> {
  const { reason, message } = evicted ?? pod.status
  return { ...(reason && { reason }), ...(message && { message }) }
}

function rejectedStatus(
  { pod, startedAtMs }: PodState,
  { reason, message }: { reason: string; message: string },
  node: NodeView,
): PodStatus {
  const { generation } = pod.metadata
  return {
    ...(generation !== undefined && { observedGeneration: generation }),
    phase: "Failed",
    reason,
    message,
    ...hostAddresses(node),
    startTime: pod.status.startTime ?? formatTime(startedAtMs),
    qosClass: qosClassOf(pod),
  }
}
