import { expect } from "vitest"
import type { Store, Watch, WatchRequest } from "../store.ts"
import { type PlainEvent, plainEvent } from "./harness.ts"

/** Reads a watch to its end, checks what must hold of every watch, and keeps what it told. */
export class WatchRecorder {
  readonly request: WatchRequest
  readonly events: PlainEvent[] = []
  readonly ended: Promise<void>
  /** All events up to here have been told. */
  told: number
  error: unknown
  readonly #watch: Watch
  #over = false
  #wake: (() => void)[] = []

  constructor(store: Store, request: WatchRequest) {
    this.request = request
    this.told = (request.startRevision ?? 0) - 1
    this.#watch = store.watch(request)
    this.ended = this.#read()
  }

  get started(): Promise<number> {
    return this.#watch.started
  }

  /** Waits until everything up to `revision` has been told (or the watch ends); asks for progress to learn it. */
  async until(revision: number): Promise<void> {
    await this.#watch.requestProgress()
    while (this.told < revision && !this.#over)
      await Promise.race([new Promise<void>((resolve) => this.#wake.push(resolve)), this.ended])
  }

  close(): Promise<void> {
    this.#watch.close()
    return this.ended
  }

  async #read(): Promise<void> {
    try {
      for await (const batch of this.#watch) {
        for (const { kv } of batch.events) {
          expect(kv.modRevision).toBeGreaterThan(this.told)
          expect(kv.modRevision).toBeLessThanOrEqual(batch.revision)
          const last = this.events.at(-1)
          if (last) expect(kv.modRevision).toBeGreaterThanOrEqual(last.kv.modRevision)
        }
        this.events.push(...batch.events.map(plainEvent))
        expect(batch.revision).toBeGreaterThanOrEqual(this.told)
        this.told = batch.revision
        for (const wake of this.#wake.splice(0)) wake()
      }
    } catch (error) {
      this.error = error
    } finally {
      this.#over = true
    }
  }
}
