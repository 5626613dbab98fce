import type { Clock, Timer } from "../base/clock.ts"
import { Heap } from "../base/heap.ts"
import { exponentialMs } from "./backoff.ts"

/**
 * Keys that wait for attention, in the order they asked. A key is in at most one place: added twice it is handed out
 * once; added while being worked on it is handed out again after `done`, never to two workers at the same time
 * (https://pkg.go.dev/k8s.io/client-go/util/workqueue). Failures are spaced 5 ms, 10 ms, 20 ms ... 1000 s per key.
 */
export class WorkQueue {
  readonly #clock: Clock
  readonly #metrics: WorkQueueMetrics | undefined
  readonly #initialMs: number
  readonly #maxMs: number
  /** Waiting keys and when they asked. A Map keeps the order of insertion. */
  readonly #waiting = new Map<string, number>()
  /** Keys handed out; true when the key was added again meanwhile. */
  readonly #working = new Map<string, { again: boolean; sinceMs: number }>()
  readonly #failures = new Map<string, number>()
  /** Keys that were worked on a moment ago; true when the key was added again meanwhile. */
  readonly #resting = new Map<string, boolean>()
  readonly #restMs: number
  readonly #rests: Delays
  readonly #takers: ((key: string | undefined) => void)[] = []
  readonly #delays: Delays
  #dispatching = false
  #closed = false

  constructor(options: WorkQueueOptions) {
    this.#clock = options.clock
    this.#metrics = options.metrics
    this.#initialMs = options.initialBackoffMs ?? 5
    this.#maxMs = options.maxBackoffMs ?? 1_000_000
    this.#delays = new Delays(options.clock, (key) => this.add(key))
    this.#restMs = options.restMs ?? 0
    this.#rests = new Delays(options.clock, (key) => this.#rested(key))
    this.#metrics?.follow?.(() => this.#figures())
  }

  /** Keys that could be taken now. */
  get depth(): number {
    return this.#waiting.size
  }

  add(key: string): void {
    if (this.#closed) return
    const working = this.#working.get(key)
    if (working) {
      working.again = true
      return
    }
    if (this.#waiting.has(key)) return
    if (this.#resting.has(key)) {
      this.#resting.set(key, true)
      return
    }
    this.#metrics?.added()
    this.#waiting.set(key, this.#clock.monotonic())
    if (this.#takers.length > 0 && !this.#dispatching) {
      this.#dispatching = true
      // A moment later, so that a key that several changes ask for at once is handed out once.
      void Promise.resolve().then(() => this.#dispatch())
    }
  }

  /** Adds `key` after a while. A key waits for one moment only: the newest call says when. */
  addAfter(key: string, delayMs: number): void {
    if (this.#closed) return
    if (delayMs <= 0) this.add(key)
    else this.#delays.set(key, delayMs)
  }

  /** Withdraws an `addAfter` that has not come due. */
  cancelDelay(key: string): void {
    this.#delays.delete(key)
  }

  /** Adds `key` after its back-off, which doubles until `forget`. Gives the delay in milliseconds. */
  retry(key: string): number {
    const failures = this.#failures.get(key) ?? 0
    this.#failures.set(key, failures + 1)
    this.#metrics?.retried()
    const delayMs = exponentialMs(this.#initialMs, this.#maxMs, failures)
    this.addAfter(key, delayMs)
    return delayMs
  }

  /** The key succeeded: its next failure starts at the shortest delay again. */
  forget(key: string): void {
    this.#failures.delete(key)
  }

  failures(key: string): number {
    return this.#failures.get(key) ?? 0
  }

  /** The next key, as soon as there is one; undefined once the queue is closed. Answer with `done`. */
  take(): Promise<string | undefined> {
    if (this.#closed) return Promise.resolve(undefined)
    if (this.#waiting.size > 0) return Promise.resolve(this.#next())
    return new Promise((resolve) => this.#takers.push(resolve))
  }

  /** The key may be handed out again. */
  done(key: string): void {
    const working = this.#working.get(key)
    if (!working) return
    this.#working.delete(key)
    this.#metrics?.finished(this.#clock.monotonic() - working.sinceMs)
    if (this.#restMs > 0 && !this.#closed) {
      this.#resting.set(key, working.again)
      this.#rests.set(key, this.#restMs)
    } else if (working.again) this.add(key)
  }

  #rested(key: string): void {
    const again = this.#resting.get(key)
    this.#resting.delete(key)
    if (again) this.add(key)
  }

  /** Ends every `take`. Keys still waiting are dropped. */
  close(): void {
    this.#closed = true
    this.#waiting.clear()
    this.#delays.clear()
    this.#rests.clear()
    this.#resting.clear()
    for (const taker of this.#takers.splice(0)) taker(undefined)
  }

  #figures(): WorkQueueFigures {
    const now = this.#clock.monotonic()
    const times = Array.from(this.#working.values(), ({ sinceMs }) => now - sinceMs)
    const unfinishedMs = times.reduce((total, ms) => total + ms, 0)
    return { depth: this.depth, unfinishedMs, longestMs: Math.max(0, ...times) }
  }

  #dispatch(): void {
    this.#dispatching = false
    while (this.#waiting.size > 0 && this.#takers.length > 0) this.#takers.shift()!(this.#next())
  }

  #next(): string {
    const [key, askedMs] = this.#waiting.entries().next().value!
    this.#waiting.delete(key)
    const now = this.#clock.monotonic()
    this.#working.set(key, { again: false, sinceMs: now })
    this.#metrics?.taken(now - askedMs)
    return key
  }
}

export interface WorkQueueOptions {
  readonly clock: Clock
  readonly metrics?: WorkQueueMetrics
  /** @default 5 */
  readonly initialBackoffMs?: number
  /** @default 1_000_000 */
  readonly maxBackoffMs?: number
  /** How long a key is left alone after it was worked on: what is added meanwhile comes as one. @default 0 */
  readonly restMs?: number
}

/** What a queue is like at a moment. */
export interface WorkQueueFigures {
  readonly depth: number
  /** The time that all keys being worked on have taken so far, and the one that has taken the longest. */
  readonly unfinishedMs: number
  readonly longestMs: number
}

/** What upstream counts as workqueue_adds_total, _queue_duration, _work_duration and _retries_total. */
export interface WorkQueueMetrics {
  /** Called once; `figures` may be asked at any time. */
  follow?(figures: () => WorkQueueFigures): void
  added(): void
  taken(waitedMs: number): void
  finished(workedMs: number): void
  retried(): void
}

interface Delayed {
  readonly key: string
  readonly atMs: number
}

/** Keys and the moments they are due, behind one timer. */
class Delays {
  readonly #clock: Clock
  readonly #due: (key: string) => void
  readonly #current = new Map<string, Delayed>()
  /** May hold entries that were replaced; only those still in `#current` count. */
  readonly #heap = new Heap<Delayed>((a, b) => a.atMs - b.atMs)
  #timer: Timer | undefined
  #timerAtMs = Number.POSITIVE_INFINITY

  constructor(clock: Clock, due: (key: string) => void) {
    this.#clock = clock
    this.#due = due
  }

  set(key: string, delayMs: number): void {
    const delayed = { key, atMs: this.#clock.monotonic() + delayMs }
    this.#current.set(key, delayed)
    this.#heap.push(delayed)
    if (this.#heap.size > 2 * this.#current.size + 64) this.#compact()
    this.#arm()
  }

  delete(key: string): void {
    this.#current.delete(key)
  }

  clear(): void {
    this.#current.clear()
    this.#arm()
  }

  /** A key put off again and again leaves an entry each time: rebuild once most are stale. */
  #compact(): void {
    while (this.#heap.pop());
    for (const delayed of this.#current.values()) this.#heap.push(delayed)
  }

  #arm(): void {
    const next = this.#peek()
    if (next && next.atMs >= this.#timerAtMs) return
    this.#timer?.cancel()
    this.#timerAtMs = next?.atMs ?? Number.POSITIVE_INFINITY
    this.#timer = next && this.#clock.after(next.atMs - this.#clock.monotonic(), () => this.#fire())
  }

  #fire(): void {
    this.#timerAtMs = Number.POSITIVE_INFINITY
    const now = this.#clock.monotonic()
    for (let next = this.#peek(); next && next.atMs <= now; next = this.#peek()) {
      this.#heap.pop()
      this.#current.delete(next.key)
      this.#due(next.key)
    }
    this.#arm()
  }

  /** The earliest entry that was not replaced or withdrawn. */
  #peek(): Delayed | undefined {
    for (let next = this.#heap.peek(); next; next = this.#heap.peek()) {
      if (this.#current.get(next.key) === next) return next
      this.#heap.pop()
    }
    return undefined
  }
}
