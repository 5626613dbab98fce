import type { Pod, PodCondition } from "../../api/core/v1/pod.ts"

// What controllers ask about a pod. All pure.

export function isTerminal(pod: Pod): boolean {
  return pod.status.phase === "Succeeded" || pod.status.phase === "Failed"
}

/** Counts towards replicas: neither finished nor being deleted. */
export function isActive(pod: Pod): boolean {
  return !isTerminal(pod) && pod.metadata.deletionTimestamp === undefined
}

/** Being deleted, with containers that may still run. */
export function isTerminating(pod: Pod): boolean {
  return !isTerminal(pod) && pod.metadata.deletionTimestamp !== undefined
}

export function findPodCondition(pod: Pod, type: string): PodCondition | undefined {
  return pod.status.conditions?.find((condition) => condition.type === type)
}

export function isReady(pod: Pod): boolean {
  return findPodCondition(pod, "Ready")?.status === "True"
}

/** Since when it is ready, in milliseconds; undefined when it is not. */
export function readySinceMs(pod: Pod): number | undefined {
  const ready = findPodCondition(pod, "Ready")
  if (ready?.status !== "True") return undefined
  return ready.lastTransitionTime ? Date.parse(ready.lastTransitionTime) : undefined
}

/** Ready for at least `minReadySeconds`. */
export function isAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  if (!isReady(pod)) return false
  if (minReadySeconds === 0) return true
  const sinceMs = readySinceMs(pod)
  return sinceMs !== undefined && sinceMs + minReadySeconds * 1000 <= nowMs
}

/** Milliseconds until the next of these pods becomes available just by time passing; undefined when none will. */
export function nextAvailableInMs(
  pods: readonly Pod[],
  minReadySeconds: number,
  nowMs: number,
): number | undefined {
  let next: number | undefined
  for (const pod of pods) {
    const sinceMs = readySinceMs(pod)
    if (sinceMs === undefined || isAvailable(pod, minReadySeconds, nowMs)) continue
    const inMs = sinceMs + minReadySeconds * 1000 - nowMs
    if (next === undefined || inMs < next) next = inMs
  }
  return next
}
