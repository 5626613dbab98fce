import type { Job } from "../../api/batch/v1/job.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { formatKey, keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import { exponentialMs } from "../../client/backoff.ts"
import { failureCounts, finishedMs } from "./job-pods.ts"
import type { Observation } from "./observe.ts"

/** After the first failure a replacement waits 10 s, then 20 s, 40 s ... 10 min, counted from the failure. */
const firstMs = 10_000
const longestMs = 600_000

/**
 * What failures make a Job wait for. Moments are the monotonic clock's: pods say by the wall clock when they failed, and
 * once that is set back they seem to fail in the future, for longer than any pause.
 */
export interface Pauses {
  /** Failures in a row. */
  readonly failures: number
  /** When the next pod may follow them. */
  readonly dueMs: number
  /** When a failed pod's index may have its next, by the pod's uid. */
  readonly indexDueMs: ReadonlyMap<string, number>
}

const none: Pauses = { failures: 0, dueMs: Number.NEGATIVE_INFINITY, indexDueMs: new Map() }

/** Pauses per Job. Lost with the process, which only costs a pause. */
export class JobBackoffs {
  readonly #known = new Map<string, { readonly uid: string; readonly pauses: Pauses }>()

  /** The pauses with what was newly observed. */
  next(observation: Observation): Pauses {
    const { metadata } = observation.job
    const last = this.#known.get(formatKey(keyOf(observation.job)))
    // Another of the same name begins anew.
    const known = last?.uid === metadata.uid ? last.pauses : none
    return { ...nextInRow(known, observation), indexDueMs: nextOfIndexes(known, observation) }
  }

  /** To be called when the observation's new pods are written down, so that they are not new a second time. */
  remember(job: Job, pauses: Pauses): void {
    this.#known.set(formatKey(keyOf(job)), { uid: job.metadata.uid, pauses })
  }

  forget(key: ObjectKey): void {
    this.#known.delete(formatKey(key))
  }
}

/** A success ends the row. */
function nextInRow(known: Pauses, observation: Observation): Omit<Pauses, "indexDueMs"> {
  const { newSucceeded, newFailed } = observation
  if (newSucceeded.length === 0 && newFailed.length === 0) return known
  const lastSuccessMs = Math.max(Number.NEGATIVE_INFINITY, ...newSucceeded.map(finishedMs))
  const after = newFailed.map(finishedMs).filter((ms) => ms > lastSuccessMs)
  if (after.length === 0) return none
  const failures = (newSucceeded.length === 0 ? known.failures : 0) + after.length
  return { failures, dueMs: dueMs(failures, Math.max(...after), observation) }
}

/** Of each index the last pod knows its failures. */
function nextOfIndexes({ indexDueMs }: Pauses, observation: Observation): Pauses["indexDueMs"] {
  const due = (pod: Pod) => {
    const { counted, ignored } = failureCounts(pod)
    return indexDueMs.get(pod.metadata.uid) ?? dueMs(counted + ignored + 1, finishedMs(pod), observation)
  }
  return new Map(Array.from(observation.toReplace.values(), (pod) => [pod.metadata.uid, due(pod)]))
}

/** The pause begins with the last failure, but no later than it is seen. */
function dueMs(failures: number, lastMs: number, { nowMs, monotonicMs }: Observation): number {
  const sinceMs = Math.max(0, nowMs - lastMs)
  return monotonicMs - sinceMs + exponentialMs(firstMs, longestMs, failures - 1)
}
