/** What is longer is looked at every time: what is kept is bounded, whoever writes it. */
const maxLength = 16 * 1024
const maxShapes = 256

/**
 * The latest shapes in which nothing was found. Thousands of pods of one workload are alike, and to look for mistakes in
 * one of them costs many times what it costs to see that it is like the last.
 *
 * A shape is a text that says everything the finding depends on; whoever asks sees to that.
 */
export class Blameless {
  readonly #shapes = new Set<string>()

  has(shape: string): boolean {
    return this.#shapes.has(shape)
  }

  /** Passes on what was found in something of this shape, and remembers if that was nothing. */
  *watch<T>(shape: string, found: Iterable<T>): Iterable<T> {
    let isBlameless = true
    for (const each of found) {
      isBlameless = false
      yield each
    }
    if (isBlameless && shape.length <= maxLength) this.#add(shape)
  }

  #add(shape: string): void {
    this.#shapes.add(shape)
    if (this.#shapes.size <= maxShapes) return
    for (const oldest of this.#shapes) {
      this.#shapes.delete(oldest)
      return
    }
  }
}
