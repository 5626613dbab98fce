/** How many seats a level could have used, looked back upon. */
export interface Demand {
  readonly highWatermark: number
  readonly average: number
  readonly deviation: number
  /** Falls slowly after it has been high. */
  readonly smoothed: number
}

/** What is left of an old demand after one period. */
const smoothing = 0.977

/** Follows a figure over time. Times are in seconds and never go back. */
export class SeatDemand {
  #value = 0
  #since: number
  #max = 0
  #elapsed = 0
  #integral = 0
  #integralOfSquares = 0
  #demand: Demand = { highWatermark: 0, average: 0, deviation: 0, smoothed: 0 }

  constructor(now: number) {
    this.#since = now
  }

  /** As of the period that has ended last. */
  get demand(): Demand {
    return this.#demand
  }

  set(value: number, now: number): void {
    this.#advance(now)
    this.#value = value
    if (value > this.#max) this.#max = value
  }

  /** Ends a period and begins the next. */
  endPeriod(now: number): void {
    this.#advance(now)
    const highWatermark = this.#max
    this.#max = this.#value
    if (this.#elapsed <= 0) {
      this.#demand = { ...this.#demand, highWatermark }
      return
    }
    const average = this.#integral / this.#elapsed
    const deviation = Math.sqrt(Math.max(0, this.#integralOfSquares / this.#elapsed - average * average))
    const envelope = average + deviation
    const smoothed = Math.max(envelope, smoothing * this.#demand.smoothed + (1 - smoothing) * envelope)
    this.#demand = { highWatermark, average, deviation, smoothed }
    this.#elapsed = this.#integral = this.#integralOfSquares = 0
  }

  #advance(now: number): void {
    const elapsed = now - this.#since
    this.#since = now
    this.#elapsed += elapsed
    this.#integral += elapsed * this.#value
    this.#integralOfSquares += elapsed * this.#value * this.#value
  }
}
