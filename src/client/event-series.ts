import type { ActionEvent } from "./event-series-recorder.ts"
import type { ObjectReference } from "./event-recorder.ts"

/** An action event of which it is known what it is about. */
export interface Noted extends Omit<ActionEvent, "regarding" | "related"> {
  readonly regarding: ObjectReference
  readonly related?: ObjectReference
  readonly name: string
  /** Milliseconds since the epoch. */
  readonly atMs: number
  readonly series?: { readonly count: number; readonly lastMs: number }
}

/** A series in which nothing happens for so long is over. */
export const finishMs = 6 * 60_000
/** So often a series that goes on is written, lest the server forget it. */
const refreshMs = 30 * 60_000

interface Kept {
  event: Noted
  writtenMs: number
}

/**
 * Which events are the same thing again, by upstream's rules
 * (https://github.com/kubernetes/enhancements/tree/master/keps/sig-instrumentation/383-new-event-api-ga-graduation). A waiting
 * pod that is tried a hundred times makes three writes of it, not a hundred.
 */
export class EventSeries {
  readonly #kept = new Map<string, Kept>()

  get size(): number {
    return this.#kept.size
  }

  /** What is to be written: the event itself, that it has become a series, or nothing. */
  add(event: Noted): Noted | undefined {
    const key = keyOf(event)
    const kept = this.#kept.get(key)
    const { atMs } = event
    if (!kept) {
      this.#kept.set(key, { event, writtenMs: atMs })
      return event
    }
    const { series } = kept.event
    kept.event = { ...kept.event, series: { count: (series?.count ?? 1) + 1, lastMs: atMs } }
    if (series) return undefined
    kept.writtenMs = atMs
    return kept.event
  }

  /** Forgets what has come to its end; gives the series that are to be written now, with their counts. */
  finish(nowMs: number): Noted[] {
    const due: Noted[] = []
    for (const [key, kept] of this.#kept) {
      const { event } = kept
      const isOver = (event.series?.lastMs ?? event.atMs) < nowMs - finishMs
      if (isOver) this.#kept.delete(key)
      if (!event.series || (!isOver && kept.writtenMs > nowMs - refreshMs)) continue
      kept.writtenMs = nowMs
      due.push(event)
    }
    return due
  }
}

/** Not the note: the same thing may be said in other words. The state that it is about is meant, so its version counts. */
function keyOf({ type, action, reason, regarding, related }: Noted): string {
  return [type, action, reason, ...partsOf(regarding), ...(related ? partsOf(related) : [])].join("\0")
}

function partsOf({ kind, apiVersion, namespace, name, uid, resourceVersion, fieldPath }: ObjectReference) {
  return [kind, apiVersion, namespace, name, uid, resourceVersion, fieldPath]
}
