/** A binary min-heap: `push` and `pop` in O(log n), `peek` in O(1). Equal items leave in no particular order. */
export class Heap<T> {
  readonly #items: T[] = []
  readonly #compare: (a: T, b: T) => number

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare
  }

  get size(): number {
    return this.#items.length
  }

  peek(): T | undefined {
    return this.#items[0]
  }

  push(item: T): void {
    const items = this.#items
    let child = items.push(item) - 1
    while (child > 0) {
      const parent = (child - 1) >> 1
      if (this.#compare(items[parent]!, item) <= 0) break
      items[child] = items[parent]!
      child = parent
    }
    items[child] = item
  }

  pop(): T | undefined {
    const items = this.#items
    const top = items[0]
    const last = items.pop()
    if (items.length > 0 && last !== undefined) this.#sink(last)
    return top
  }

  #sink(item: T): void {
    const items = this.#items
    let parent = 0
    for (;;) {
      let child = parent * 2 + 1
      if (child >= items.length) break
      if (child + 1 < items.length && this.#compare(items[child + 1]!, items[child]!) < 0) child++
      if (this.#compare(item, items[child]!) <= 0) break
      items[parent] = items[child]!
      parent = child
    }
    items[parent] = item
  }
}
