const mostSeconds = 32

/**
 * When whoever was refused should come again: the more are refused, the later. As TCP does, it is doubled where there is a
 * jam, and goes down one by one when that is over.
 */
export class RetryAfter {
  #seconds = 1
  /** How many were refused in each second that has passed, newest last. */
  #history: { readonly second: number; readonly refused: number }[] = []
  #second = 0
  #refused = 0
  #raisedAt = 0

  get seconds(): number {
    return this.#seconds
  }

  /** @param nowSeconds since whenever, whole or not */
  refused(nowSeconds: number): void {
    const second = Math.floor(nowSeconds)
    if (second === this.#second) {
      this.#refused++
      return
    }
    this.#history.push({ second: this.#second, refused: this.#refused })
    const oldest = second - Math.min(2 * this.#seconds, mostSeconds)
    this.#history = this.#history.filter((each) => each.second >= oldest)
    this.#second = second
    this.#refused = 1
    this.#adapt(second)
  }

  #adapt(second: number): void {
    const lately = this.#history.filter((each) => second - each.second <= this.#seconds)
    const refused = lately.reduce((sum, each) => sum + each.refused, 0)
    if (second - this.#raisedAt >= this.#seconds && refused >= 3 * this.#seconds) {
      this.#seconds = Math.min(2 * this.#seconds, mostSeconds)
      this.#raisedAt = second
    } else if (refused < this.#seconds && this.#seconds > 1) this.#seconds--
  }
}
