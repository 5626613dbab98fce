/*
 * How many replicas a metric asks for: the present number times use over target
 * (https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details).
 *
 * Pods that are not ready, or of which nothing is known, are left out at first. Then they are assumed to use what makes the
 * step smaller, and if the direction turns by that, nothing is done.
 */
import type { Pod } from "../../api/core/v1/pod.ts"
import { isReady } from "../shared/pods.ts"
import { groupPods, type PodMetric, type PodMetrics } from "./pod-groups.ts"

/** Why a metric says nothing, for people. */
export class MetricError extends Error {
  override readonly name = "MetricError"
}

/** By how much use may differ from the target before anything is done: 0.1 is 10 %. */
export interface Tolerances {
  readonly up: number
  readonly down: number
}

/** What is used, in thousandths, and how that compares with what should be. */
export interface Usage {
  readonly ratio: number
  /** Per pod, in thousandths. */
  readonly average: number
  /** Percent of what was requested. */
  readonly utilization?: number
}

export interface Proposal {
  readonly replicas: number
  readonly usage: Usage
}

export interface PodsQuestion {
  readonly currentReplicas: number
  readonly pods: readonly Pod[]
  readonly metrics: PodMetrics
  readonly isCpu: boolean
  readonly tolerances: Tolerances
  readonly nowMs: number
  readonly measure: (metrics: PodMetrics) => Usage
  /** What a pod of which nothing is known is taken to use when that would mean fewer pods. */
  readonly assumedValue: (podName: string) => number
}

/** Throws MetricError. */
export function proposeForPods(question: PodsQuestion): Proposal {
  const { currentReplicas, pods, isCpu, tolerances, nowMs, measure, assumedValue } = question
  if (pods.length === 0) throw new MetricError("no pods returned by selector while calculating replica count")
  const { readyCount, unready, missing, ignored } = groupPods(pods, question.metrics, isCpu, nowMs)
  const counted = new Map(question.metrics)
  for (const name of [...ignored, ...unready]) counted.delete(name)
  if (counted.size === 0)
    throw new MetricError("did not receive metrics for targeted pods (pods might be unready)")

  const usage = measure(counted)
  const unreadyCount = unready.length > 0 && usage.ratio > 1
  if (!unreadyCount && missing.length === 0) {
    const replicas = isWithin(tolerances, usage.ratio) ? currentReplicas : ceil(usage.ratio * readyCount)
    return { replicas, usage }
  }

  if (usage.ratio < 1) for (const name of missing) counted.set(name, assumed(assumedValue(name)))
  if (usage.ratio > 1) for (const name of missing) counted.set(name, assumed(0))
  if (unreadyCount) for (const name of unready) counted.set(name, assumed(0))
  const { ratio } = measure(counted)
  const replicas = ceil(ratio * counted.size)
  const turns =
    (usage.ratio < 1 && ratio > 1) ||
    (usage.ratio > 1 && ratio < 1) ||
    (ratio < 1 && replicas > currentReplicas) ||
    (ratio > 1 && replicas < currentReplicas)
  return { replicas: turns || isWithin(tolerances, ratio) ? currentReplicas : replicas, usage }
}

function assumed(value: number): PodMetric {
  return { value, timestampMs: 0, windowMs: 0 }
}

/** Use as percent of what the pods request. Throws MetricError when nothing that was measured is known. */
export function measureUtilization(
  metrics: PodMetrics,
  requests: ReadonlyMap<string, number>,
  targetPercent: number,
): Usage {
  let used = 0
  let requested = 0
  let count = 0
  for (const [name, { value }] of metrics) {
    const request = requests.get(name)
    if (request === undefined) continue
    used += value
    requested += request
    count++
  }
  if (requested === 0) throw new MetricError("no metrics returned matched known pods")
  const utilization = Math.trunc((used * 100) / requested)
  return { ratio: utilization / targetPercent, average: Math.trunc(used / count), utilization }
}

/** Use per pod against a target, both in thousandths. */
export function measureAverage(metrics: PodMetrics, target: number): Usage {
  let used = 0
  for (const { value } of metrics.values()) used += value
  const average = Math.trunc(used / metrics.size)
  return { ratio: average / target, average }
}

/** For a number that belongs to all pods together: a queue's length, a balancer's requests. In thousandths. */
export function proposeForValue(question: {
  readonly currentReplicas: number
  readonly pods: readonly Pod[]
  readonly value: number
  readonly target: number
  readonly tolerances: Tolerances
}): Proposal {
  const { currentReplicas, pods, value, target, tolerances } = question
  const usage = { ratio: value / target, average: value }
  // From nothing, as many as the metric asks for.
  if (currentReplicas === 0) return { replicas: ceil(usage.ratio), usage }
  if (isWithin(tolerances, usage.ratio)) return { replicas: currentReplicas, usage }
  if (pods.length === 0)
    throw new MetricError(
      "unable to calculate ready pods: no pods returned by selector while calculating replica count",
    )
  const ready = pods.filter((pod) => pod.status.phase === "Running" && isReady(pod)).length
  return { replicas: ceil(usage.ratio * ready), usage }
}

/** For such a number of which each pod should bear so much. In thousandths. */
export function proposeForShare(question: {
  readonly statusReplicas: number
  readonly value: number
  readonly target: number
  readonly tolerances: Tolerances
}): Proposal {
  const { statusReplicas, value, target, tolerances } = question
  const ratio = value / (target * statusReplicas)
  const replicas = isWithin(tolerances, ratio) ? statusReplicas : ceil(value / target)
  return { replicas, usage: { ratio, average: Math.ceil(value / statusReplicas) } }
}

function isWithin({ up, down }: Tolerances, ratio: number): boolean {
  return 1 - down <= ratio && ratio <= 1 + up
}

const maxInt32 = 2 ** 31 - 1

function ceil(value: number): number {
  return Math.min(Math.ceil(value), maxInt32)
}
