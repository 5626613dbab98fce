import { formatDuration } from "../apimachinery/duration.ts"
import { formatQuantity, quantityFromNumber, quantityOf } from "../apimachinery/quantity.ts"
import { formatTime } from "../apimachinery/time.ts"
import type { Sample } from "./parse-samples.ts"

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
