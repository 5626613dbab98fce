import type { DaemonSetStatus } from "../../api/apps/v1/daemon-set.ts"
import { isAvailable, isReady } from "../shared/pods.ts"
import { type DaemonView, isCurrent } from "./plan.ts"

/** Of the pods of a node, the first one counts. */
export function computeStatus(view: DaemonView, collisionCount: number | undefined): DaemonSetStatus {
  const { daemonSet, places, nowMs } = view
  const { minReadySeconds = 0 } = daemonSet.spec
  const wanted = places.filter(({ run }) => run)
  const daemons = wanted.map(({ pods }) => pods[0]).filter((pod) => pod !== undefined)
  const available = daemons.filter((pod) => isAvailable(pod, minReadySeconds, nowMs)).length
  return {
    observedGeneration: daemonSet.metadata.generation,
    desiredNumberScheduled: wanted.length,
    currentNumberScheduled: daemons.length,
    numberMisscheduled: places.filter(({ exists, run, pods }) => exists && !run && pods.length > 0).length,
    numberReady: daemons.filter(isReady).length,
    updatedNumberScheduled: daemons.filter((pod) => isCurrent(view, pod)).length,
    numberAvailable: available,
    numberUnavailable: wanted.length - available,
    ...(collisionCount !== undefined && { collisionCount }),
    conditions: daemonSet.status.conditions ?? [],
  }
}
