/**
 * A watch is a cursor into the state's log: the next revision it has to look at. History and live changes are read
 * from the same log by the same code, so there is no seam where an event could be lost or told twice, and a slow reader
 * costs no memory of its own: it reads on from where it is, unless compaction has overtaken it.
 *
 * A reader that waits is handed new revisions as they become visible; one that does not wait is left alone.
 */
import {
  CompactedError,
  keyInterval,
  type StoreEvent,
  type Watch,
  type WatchBatch,
  type WatchRequest,
} from "../store.ts"
import type { State } from "./state.ts"

/** Revisions that one batch covers at most, so that a long history does not hold up everything else. */
const maxRevisionsPerBatch = 1000

export class WatchHub {
  readonly #state: State
  readonly #cursors = new Set<WatchCursor>()
  #visible: number

  constructor(state: State) {
    this.#state = state
    this.#visible = state.revision
  }

  /** The newest revision that reads and watches may see. */
  get visible(): number {
    return this.#visible
  }

  watch(request: WatchRequest): Watch {
    const cursor = new WatchCursor(this, this.#state, request)
    if (request.signal?.aborted) cursor.close()
    else this.#cursors.add(cursor)
    return cursor
  }

  /** Lets everything up to `revision` be seen. */
  advance(revision: number): void {
    if (revision <= this.#visible) return
    const from = this.#visible + 1
    this.#visible = revision
    const fresh: StoreEvent[] = []
    this.#state.events(from, revision, (events) => {
      for (const event of events) fresh.push(event)
      return true
    })
    for (const cursor of this.#cursors) cursor.offer(from, fresh, revision)
  }

  remove(cursor: WatchCursor): void {
    this.#cursors.delete(cursor)
  }

  close(): void {
    for (const cursor of this.#cursors) cursor.close()
  }
}

class WatchCursor implements Watch, AsyncIterator<WatchBatch, undefined> {
  readonly started: Promise<number>
  readonly #hub: WatchHub
  readonly #state: State
  readonly #request: WatchRequest
  readonly #low: string
  readonly #high: string
  readonly #onAbort = () => this.close()
  #next: number
  #progressAt: number | undefined
  #waiting: ((result: IteratorResult<WatchBatch, undefined>) => void) | undefined
  #closed = false

  constructor(hub: WatchHub, state: State, request: WatchRequest) {
    this.#hub = hub
    this.#state = state
    this.#request = request
    const { low, high } = keyInterval(request.key, request.rangeEnd)
    this.#low = low
    this.#high = high
    this.#next = request.startRevision || hub.visible + 1
    this.started = Promise.resolve(hub.visible)
    request.signal?.addEventListener("abort", this.#onAbort, { once: true })
  }

  [Symbol.asyncIterator](): AsyncIterator<WatchBatch, undefined> {
    return this
  }

  async next(): Promise<IteratorResult<WatchBatch, undefined>> {
    if (this.#waiting !== undefined) throw new Error("a watch has one reader, and that one waits already")
    while (!this.#closed && this.#next <= this.#hub.visible) {
      const batch = this.#read()
      if (batch !== undefined) return { done: false, value: batch }
    }
    if (this.#closed) return { done: true, value: undefined }
    if (this.#progressAt !== undefined) return { done: false, value: this.#progress() }
    return new Promise((resolve) => {
      this.#waiting = resolve
    })
  }

  async return(): Promise<IteratorResult<WatchBatch, undefined>> {
    this.close()
    return { done: true, value: undefined }
  }

  async requestProgress(): Promise<void> {
    this.#progressAt = this.#hub.visible
    if (this.#waiting !== undefined) this.#resolve({ done: false, value: this.#progress() })
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#hub.remove(this)
    this.#request.signal?.removeEventListener("abort", this.#onAbort)
    this.#resolve({ done: true, value: undefined })
  }

  /** Takes the revisions that have just become visible, `from` to `revision`, if the reader waits for exactly those. */
  offer(from: number, fresh: readonly StoreEvent[], revision: number): void {
    if (this.#waiting === undefined || this.#next > revision) return
    const due = this.#next > from ? fresh.filter((event) => event.kv.modRevision >= this.#next) : fresh
    const events = this.#select(due)
    this.#next = revision + 1
    if (events.length > 0) this.#resolve({ done: false, value: { revision, events } })
  }

  /** The next stretch of the log; undefined if nothing in it is for this watch. */
  #read(): WatchBatch | undefined {
    if (this.#next < this.#state.compactRevision) {
      this.close()
      throw new CompactedError(this.#state.compactRevision)
    }
    const events: StoreEvent[] = []
    let last = this.#hub.visible
    let revisions = 0
    this.#state.events(this.#next, last, (all, revision) => {
      for (const event of this.#select(all)) events.push(event)
      if (++revisions < maxRevisionsPerBatch) return true
      last = revision
      return false
    })
    this.#next = last + 1
    if (events.length === 0) return undefined
    if (this.#progressAt !== undefined && last >= this.#progressAt) this.#progressAt = undefined
    return { revision: last, events }
  }

  #select(events: readonly StoreEvent[]): readonly StoreEvent[] {
    const chosen = events.filter(({ kv: { key } }) => this.#low <= key && key < this.#high)
    return this.#request.previous ? chosen.map((event) => this.#withPrevious(event)) : chosen
  }

  #withPrevious(event: StoreEvent): StoreEvent {
    const previous = this.#state.before(event)
    return previous === undefined ? event : { ...event, previous }
  }

  #progress(): WatchBatch {
    this.#progressAt = undefined
    return { revision: this.#hub.visible, events: [] }
  }

  #resolve(result: IteratorResult<WatchBatch, undefined>): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.(result)
  }
}
