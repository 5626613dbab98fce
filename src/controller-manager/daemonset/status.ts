import type { DaemonSetStatus } from "../../api/apps/v1/daemon-set.ts"
import { isAvailable, isReady } from "../shared/pods.ts"
import { type DaemonView, isCurrent } from "./plan.ts"

export function computeStatus(view: DaemonView, collisionCount: number | undefined): DaemonSetStatus {
  const { daemonSet, places, nowMs } = view
  const { minReadySeconds = 0 } = daemonSet.spec
  const wanted = places.filter(({ run }) => run)
  const inhabited = wanted.filter(({ pods }) => pods.length > 0)
  const available = wanted.filter(({ pods }) =>
    pods.some((pod) => isAvailable(pod, minReadySeconds, nowMs)),
  ).length
  return {
    observedGeneration: daemonSet.metadata.generation,
    desiredNumberScheduled: wanted.length,
    currentNumberScheduled: inhabited.length,
    numberMisscheduled: places.filter(({ run, pods }) => !run && pods.length > 0).length,
    numberReady: wanted.filter(({ pods }) => pods.some(isReady)).length,
    updatedNumberScheduled: inhabited.filter(({ pods }) => pods.some((pod) => isCurrent(view, pod))).length,
    numberAvailable: available,
    numberUnavailable: wanted.length - available,
    ...(collisionCount !== undefined && { collisionCount }),
    conditions: daemonSet.status.conditions ?? [],
  }
}
