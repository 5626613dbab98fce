import { formatDuration } from "../apimachinery/duration.ts"
import { formatQuantity, quantityFromNumber, quantityOf } from "../apimachinery/quantity.ts"
import { formatTime } from "../apimachinery/time.ts"
import { formatKey } from "../apimachinery/meta.ts"
import type { NodeSamples, Sample } from "./parse-samples.ts"

/** What was in use at the end of a stretch of time, and on average during it. */
export interface Measure {
  readonly usage: { readonly cpu: string; readonly memory: string }
  readonly timestampMs: number
  readonly windowMs: number
}

/** A container that just started has used the processor for too short a time to tell. */
const shortestWindowMs = 10_000

/**
 * Two looks make a measure. One is enough for a container that has run for a while: it had used nothing when it started.
 * Undefined: too little is known, or it was another container before.
 */
export function computeUsage(
  now: Sample,
  before: Sample | undefined,
  startedAtMs?: number,
): Measure | undefined {
  const restarted = before && (now.cpuSeconds < before.cpuSeconds || (startedAtMs ?? 0) > before.atMs)
  const from = before && !restarted ? before : sinceStart(now, startedAtMs)
  if (!from) return undefined
  const windowMs = now.atMs - from.atMs
  if (windowMs <= 0) return undefined
  const nanoCores = ((now.cpuSeconds - from.cpuSeconds) * 1e12) / windowMs
  return {
    usage: {
      cpu: formatQuantity(quantityOf(BigInt(Math.max(0, Math.round(nanoCores))), "DecimalSI")),
      memory: formatQuantity(quantityFromNumber(Math.round(now.memoryBytes), "BinarySI")),
    },
    timestampMs: now.atMs,
    windowMs,
  }
}

/** By pod ("namespace/name") and container. */
export type PodMeasures = ReadonlyMap<string, ReadonlyMap<string, Measure>>

/** Of one node's pods; those of which one container is not known are left out. */
export function computePodUsage(now: NodeSamples, before: NodeSamples | undefined): PodMeasures {
  const idOf = ({ namespace, pod, container }: NodeSamples["containers"][number]) =>
    `${namespace}/${pod}/${container}`
  const earlier = new Map(before?.containers.map((sample) => [idOf(sample), sample]))
  const pods = new Map<string, Map<string, Measure>>()
  const unknown = new Set<string>()
  for (const sample of now.containers) {
    const key = formatKey({ namespace: sample.namespace, name: sample.pod })
    const measure = computeUsage(sample, earlier.get(idOf(sample)), sample.startedAtMs)
    if (!measure) unknown.add(key)
    else pods.set(key, (pods.get(key) ?? new Map<string, Measure>()).set(sample.container, measure))
  }
  for (const key of unknown) pods.delete(key)
  return pods
}

function sinceStart({ atMs }: Sample, startedAtMs: number | undefined) {
  if (startedAtMs === undefined || atMs - startedAtMs < shortestWindowMs) return undefined
  return { cpuSeconds: 0, atMs: startedAtMs }
}

/** As objects of metrics.k8s.io say when. */
export function formatWhen({ timestampMs, windowMs }: Pick<Measure, "timestampMs" | "windowMs">): {
  timestamp: string
  window: string
} {
  return { timestamp: formatTime(timestampMs), window: formatDuration(Math.round(windowMs)) }
}
