/** Tells what happens to everyone who listens. A listener that is slow keeps its own queue. */
export class EventBroadcast<T> {
  readonly #listeners = new Set<(event: T) => void>()

  tell(event: T): void {
    for (const listener of this.#listeners) listener(event)
  }

  /** Everything told from now on, until `signal` aborts. */
  async *listen(signal: AbortSignal): AsyncGenerator<T> {
    const queue: T[] = []
    let wake = () => {}
    const listener = (event: T) => {
      queue.push(event)
      wake()
    }
    const aborted = () => wake()
    this.#listeners.add(listener)
    signal.addEventListener("abort", aborted)
    try {
      while (!signal.aborted) {
        const event = queue.shift()
        if (event !== undefined) yield event
        else
          await new Promise<void>((resolve) => {
            wake = resolve
          })
      }
    } finally {
      this.#listeners.delete(listener)
      signal.removeEventListener("abort", aborted)
    }
  }
}
