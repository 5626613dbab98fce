import type { WatchBatch } from "../store.ts"

/** From here on the producer waits for the reader. */
const enough = 64

/** Batches on their way from a connection to the one reader of a watch. */
export class BatchQueue {
  #batches: WatchBatch[] = []
  #end: { readonly error: unknown } | "closed" | undefined
  #wakeReader: (() => void) | undefined
  #wakeProducer: (() => void) | undefined

  get ended(): boolean {
    return this.#end !== undefined
  }

  push(batch: WatchBatch): void {
    if (this.ended) return
    this.#batches.push(batch)
    this.#wakeReader?.()
  }

  /** Resolves when the reader has taken most of what there is, or there will be no reader. */
  async room(): Promise<void> {
    while (this.#batches.length >= enough && !this.ended)
      await new Promise<void>((resolve) => {
        this.#wakeProducer = resolve
      })
  }

  /** What was told before an error is still given out; after a close nothing is. */
  fail(error: unknown): void {
    this.#finish({ error })
  }

  close(): void {
    this.#batches = []
    this.#finish("closed")
  }

  async next(): Promise<IteratorResult<WatchBatch, undefined>> {
    for (;;) {
      const value = this.#batches.shift()
      if (value !== undefined) {
        this.#wakeProducer?.()
        return { done: false, value }
      }
      if (this.#end === "closed") return { done: true, value: undefined }
      if (this.#end !== undefined) {
        const { error } = this.#end
        this.#end = "closed"
        throw error
      }
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve
      })
    }
  }

  #finish(end: { readonly error: unknown } | "closed"): void {
    this.#end ??= end
    this.#wakeReader?.()
    this.#wakeProducer?.()
  }
}
