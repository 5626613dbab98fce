import type { Pod } from "../../api/core/v1/pod.ts"
import { exponentialMs } from "../../client/backoff.ts"
import { failureCounts, finishedMs } from "./job-pods.ts"
import type { Observation } from "./observe.ts"

/** After the first failure a replacement waits 10 s, then 20 s, 40 s ... 10 min, counted from the failure. */
const firstMs = 10_000
const longestMs = 600_000

interface Failures {
  readonly count: number
  readonly lastMs: number
}

/** Failures in a row per Job. Lost with the process, which only costs a pause. */
export class JobBackoffs {
  readonly #failures = new Map<string, Failures>()

  /** The row with what was newly observed: a success ends it. */
  next({ job, newSucceeded, newFailed }: Observation): Failures | undefined {
    const known = this.#failures.get(job.metadata.uid)
    if (newSucceeded.length === 0 && newFailed.length === 0) return known
    const lastSuccessMs = Math.max(Number.NEGATIVE_INFINITY, ...newSucceeded.map(finishedMs))
    const after = newFailed.map(finishedMs).filter((ms) => ms > lastSuccessMs)
    const before = newSucceeded.length === 0 ? (known?.count ?? 0) : 0
    const count = before + after.length
    if (count === 0) return undefined
    return { count, lastMs: Math.max(known?.lastMs ?? 0, ...after) }
  }

  /** To be called when the observation's new pods are written down, so that they are not new a second time. */
  remember(uid: string, failures: Failures | undefined): void {
    if (failures) this.#failures.set(uid, failures)
    else this.#failures.delete(uid)
  }
}

export function waitMs(failures: Failures | undefined, nowMs: number): number {
  if (!failures) return 0
  const pauseMs = exponentialMs(firstMs, longestMs, failures.count - 1)
  return Math.max(0, failures.lastMs + pauseMs - nowMs)
}

/** For one index, whose failures its last pod knows. */
export function indexWaitMs(last: Pod | undefined, nowMs: number): number {
  if (!last) return 0
  const { counted, ignored } = failureCounts(last)
  return waitMs({ count: counted + ignored + 1, lastMs: finishedMs(last) }, nowMs)
}
