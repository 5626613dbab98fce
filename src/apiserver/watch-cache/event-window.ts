import type { Clock } from "../../base/clock.ts"
import type { CacheEvent } from "./cache-event.ts"

// A client that lost its connection gets this long to come back and go on where it was (upstream: 75 s), as long as no
// more than this many events came meanwhile.
const windowMs = 75_000
const minEvents = 100
const maxEvents = 100_000

/** The latest changes of one resource, for watches that start in the past. */
export class EventWindow {
  readonly #clock: Clock
  #events: CacheEvent[] = []
  #times: number[] = []
  /** Index of the oldest event that is kept; the front is cut off now and then. */
  #first = 0
  #startRevision: number

  constructor(clock: Clock, startRevision: number) {
    this.#clock = clock
    this.#startRevision = startRevision
  }

  /** Every change after this revision is here. */
  get startRevision(): number {
    return this.#startRevision
  }

  /** How many changes are kept. */
  get size(): number {
    return this.#events.length - this.#first
  }

  push(event: CacheEvent): void {
    const now = this.#clock.monotonic()
    this.#events.push(event)
    this.#times.push(now)
    this.#forget(now)
  }

  /** The changes after `revision`, in order; undefined when some of them are forgotten. */
  since(revision: number): readonly CacheEvent[] | undefined {
    if (revision < this.#startRevision) return undefined
    let low = this.#first
    let high = this.#events.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#events[middle]!.revision <= revision) low = middle + 1
      else high = middle
    }
    return this.#events.slice(low)
  }

  /** Starts over: nothing up to `revision` can be told. */
  reset(revision: number): void {
    this.#events = []
    this.#times = []
    this.#first = 0
    this.#startRevision = revision
  }

  #forget(now: number): void {
    const events = this.#events
    for (;;) {
      const kept = events.length - this.#first
      const tooMany = kept > maxEvents
      const tooOld = kept > minEvents && now - this.#times[this.#first]! > windowMs
      if (!tooMany && !tooOld) break
      this.#startRevision = events[this.#first]!.revision
      // Let go of the objects at once; the array is shortened when half of it is holes.
      events[this.#first] = undefined as unknown as CacheEvent
      this.#first++
    }
    if (this.#first > minEvents && this.#first * 2 > events.length) {
      this.#events = events.slice(this.#first)
      this.#times = this.#times.slice(this.#first)
      this.#first = 0
    }
  }
}
