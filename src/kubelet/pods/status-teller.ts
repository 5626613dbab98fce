import type { Pod, PodStatus } from "../../api/core/v1/pod.ts"
import { parseTime } from "../../apimachinery/time.ts"
import type { KubeletServices } from "../kubelet-services.ts"
import { computePodStatus, type NodeView } from "../status/compute-pod-status.ts"
import { newTerminations } from "../status/new-terminations.ts"
import { hostIpsOf } from "./pod-addresses.ts"
import type { PodState } from "./pod-state.ts"

/** Tells the API how one pod is, and the metrics how long it took until it ran and how its containers ended. */
export class StatusTeller {
  readonly #services: KubeletServices
  #hasRun = false
  #told: PodStatus | undefined

  constructor(services: KubeletServices) {
    this.#services = services
  }

  tell(state: PodState): void {
    // A pod that the API has forgotten has no status to keep.
    const { stage } = state
    if (stage.kind !== "syncing" && stage.kind !== "rejected" && stage.cause.kind === "gone") return
    const { runtimeName, clock, statuses, findApiPod, machine, host, metrics } = this.#services
    const apiPod = findApiPod(state.pod)
    if (!apiPod) return
    const deviceHealth: NodeView["deviceHealth"] = (pod, container) => [
      ...(host.devices?.health(pod, container) ?? []),
      ...(host.claims?.health(pod, container) ?? []),
    ]
    const status = computePodStatus(
      state,
      { hostIps: hostIpsOf(machine), runtimeName, deviceHealth },
      clock.now(),
    )
    statuses.set(apiPod, status)
    for (const termination of newTerminations(this.#told ?? state.pod.status, status))
      metrics.terminatedContainers.add(1, ...termination)
    this.#told = status
    if (status.phase !== "Pending") this.#noteRunning(state, status)
  }

  /** How long it took from the beginning, of the first time only. */
  #noteRunning({ pod, startedAtMs, stage }: PodState, status: PodStatus): void {
    if (this.#hasRun) return
    this.#hasRun = true
    // One that ran before this process did tells nothing.
    if (stage.kind !== "syncing" || (pod.status.phase ?? "Pending") !== "Pending") return
    const { clock, metrics, puller } = this.#services
    metrics.podStartDuration.observe((clock.now() - startedAtMs) / 1000)
    const createdAtMs = parseTime(pod.metadata.creationTimestamp)
    const totalMs = clock.now() - createdAtMs
    metrics.podStartTotalDuration.observe(totalMs / 1000)
    if (mountsOutside(pod)) return
    const otherMs = puller.waitedMs(pod.metadata.uid) + initMs(status)
    metrics.podStartOwnDuration.observe(Math.max(0, totalMs - otherMs) / 1000)
  }
}

const ownSources = ["secret", "configMap", "emptyDir", "downwardAPI", "projected"] as const

/** Whose volumes have to come from elsewhere first: how long that takes is not the kubelet's doing. */
function mountsOutside({ spec }: Pod): boolean {
  return (spec.volumes ?? []).some((volume) => !ownSources.some((source) => volume[source]))
}

/** For how long the init containers ran that have ended. */
function initMs({ initContainerStatuses = [] }: PodStatus): number {
  return initContainerStatuses.reduce((sum, { state }) => {
    const { startedAt, finishedAt } = state?.terminated ?? {}
    return startedAt && finishedAt ? sum + parseTime(finishedAt) - parseTime(startedAt) : sum
  }, 0)
}
