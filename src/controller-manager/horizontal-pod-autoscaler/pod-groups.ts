import type { Pod } from "../../api/core/v1/pod.ts"
import { findPodCondition } from "../shared/pods.ts"

/** One pod's share of a metric. */
export interface PodMetric {
  /** In thousandths of the metric's unit. */
  readonly value: number
  readonly timestampMs: number
  /** Over how long it was measured. */
  readonly windowMs: number
}

/** By pod name. */
export type PodMetrics = ReadonlyMap<string, PodMetric>

export interface PodGroups {
  readonly readyCount: number
  /** Not ready, or not long enough for its measure to say anything. */
  readonly unready: readonly string[]
  /** Without a measure. */
  readonly missing: readonly string[]
  /** On their way out. */
  readonly ignored: readonly string[]
}

/** Upstream's --horizontal-pod-autoscaler-cpu-initialization-period. */
const cpuInitializationMs = 5 * 60_000
/** Upstream's --horizontal-pod-autoscaler-initial-readiness-delay. */
const initialReadinessMs = 30_000

/** Which pods' measures count. CPU is special: a program that starts uses much of it, which says nothing of its load. */
export function groupPods(
  pods: readonly Pod[],
  metrics: PodMetrics,
  isCpu: boolean,
  nowMs: number,
): PodGroups {
  let readyCount = 0
  const unready: string[] = []
  const missing: string[] = []
  const ignored: string[] = []
  for (const pod of pods) {
    const { name, deletionTimestamp } = pod.metadata
    const metric = metrics.get(name)
    if (deletionTimestamp || pod.status.phase === "Failed") ignored.push(name)
    else if (pod.status.phase === "Pending") unready.push(name)
    else if (!metric) missing.push(name)
    else if (isCpu && isStarting(pod, metric, nowMs)) unready.push(name)
    else readyCount++
  }
  return { readyCount, unready, missing, ignored }
}

function isStarting(pod: Pod, metric: PodMetric, nowMs: number): boolean {
  const ready = findPodCondition(pod, "Ready")
  if (!ready || !pod.status.startTime) return true
  const startedAtMs = Date.parse(pod.status.startTime)
  const changedAtMs = Date.parse(ready.lastTransitionTime ?? pod.status.startTime)
  const isReady = ready.status !== "False"
  if (startedAtMs + cpuInitializationMs > nowMs)
    return !isReady || metric.timestampMs < changedAtMs + metric.windowMs
  // Later only pods that have never been ready are left out.
  return !isReady && startedAtMs + initialReadinessMs > changedAtMs
}
