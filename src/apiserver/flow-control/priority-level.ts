/**
 * One priority level: how many of its requests run at once, and how the others wait
 * (https://kubernetes.io/docs/concepts/cluster-administration/flow-control/).
 *
 * Fairness among the flows of a level comes from two things. Shuffle sharding: a flow may use only a few of the queues, so
 * one that floods fills those and leaves others' alone. Fair queuing: the queue that has been served least comes next.
 */
export interface LevelConfiguration {
  /** Requests that may run at once, with nothing borrowed. */
  readonly seats: number
  /** Of those, how many others may use while this level does not. */
  readonly lendable: number
  /** How many more than `seats` it may run. @default no limit */
  readonly mayBorrow?: number
  /** Without queues, who does not run is refused. */
  readonly queuing?: { readonly queues: number; readonly handSize: number; readonly queueLengthLimit: number }
}

export interface Waiting {
  /** Called when a seat is taken for it. */
  start(): void
  /** Set when it has gone away; it is passed over. */
  cancelled: boolean
}

interface Queue {
  readonly waiting: Waiting[]
  /** How much service it has had, in requests; of all queues the least comes next. */
  served: number
}

/** What the other levels have to spare at the moment; asked each time. */
export type Spare = (level: PriorityLevel) => number

/**
 * Invariant: whenever a seat is free or can be borrowed, nobody waits.
 */
export class PriorityLevel {
  readonly name: string
  #configuration: LevelConfiguration
  readonly #spare: Spare
  #queues: Queue[] = []
  #running = 0
  #waiting = 0

  constructor(name: string, configuration: LevelConfiguration, spare: Spare) {
    this.name = name
    this.#configuration = configuration
    this.#spare = spare
    this.#resize()
  }

  get running(): number {
    return this.#running
  }

  get waiting(): number {
    return this.#waiting
  }

  get hasQueues(): boolean {
    return this.#configuration.queuing !== undefined
  }

  /** Seats of its own. */
  get seats(): number {
    return this.#configuration.seats
  }

  get lendable(): number {
    return this.#configuration.lendable
  }

  /** With all that it may borrow. */
  get upperLimit(): number {
    const { seats, mayBorrow = Number.POSITIVE_INFINITY } = this.#configuration
    return seats + mayBorrow
  }

  /** How many it may run now. */
  get limit(): number {
    return Math.min(this.upperLimit, Math.max(this.#configuration.seats, this.#running + this.#spare(this)))
  }

  /** Seats that others may use now. */
  get unused(): number {
    const { seats, lendable } = this.#configuration
    return Math.max(0, Math.min(lendable, seats - this.#running - this.#waiting))
  }

  /** Seats in use beyond its own. */
  get borrowed(): number {
    return Math.max(0, this.#running - this.#configuration.seats)
  }

  configure(configuration: LevelConfiguration): void {
    this.#configuration = configuration
    this.#resize()
    this.dispatch()
  }

  /**
   * Takes a seat, or waits for one. "refused": there is neither a seat nor room to wait.
   *
   * @param flowHash tells flows apart; equal flows share their hand of queues
   */
  enter(flowHash: number, waiting: Waiting): "running" | "waiting" | "refused" {
    if (this.#waiting === 0 && this.#hasSeat()) {
      this.#running++
      return "running"
    }
    const queue = this.#chooseQueue(flowHash)
    if (!queue) return "refused"
    if (queue.waiting.length === 0) queue.served = Math.max(queue.served, this.#leastServed())
    queue.waiting.push(waiting)
    this.#waiting++
    return "waiting"
  }

  /** A running request has ended. */
  leave(): void {
    this.#running--
    this.dispatch()
  }

  /** A waiting request has gone away. */
  abandon(waiting: Waiting): void {
    waiting.cancelled = true
    for (const queue of this.#queues) {
      const index = queue.waiting.indexOf(waiting)
      if (index < 0) continue
      queue.waiting.splice(index, 1)
      this.#waiting--
      return
    }
  }

  /** Gives seats to those who wait, as many as there are. */
  dispatch(): void {
    while (this.#waiting > 0 && this.#hasSeat()) {
      const queue = this.#nextQueue()
      if (!queue) return
      const next = queue.waiting.shift()!
      queue.served++
      this.#waiting--
      this.#running++
      next.start()
    }
  }

  #hasSeat(): boolean {
    const { seats, mayBorrow = Number.POSITIVE_INFINITY } = this.#configuration
    if (this.#running < seats) return true
    return this.#running < seats + mayBorrow && this.#spare(this) > 0
  }

  #nextQueue(): Queue | undefined {
    let next: Queue | undefined
    for (const queue of this.#queues) {
      if (queue.waiting.length > 0 && (!next || queue.served < next.served)) next = queue
    }
    return next
  }

  /** A queue that was idle does not make up for it. */
  #leastServed(): number {
    return this.#nextQueue()?.served ?? 0
  }

  #chooseQueue(flowHash: number): Queue | undefined {
    const { queuing } = this.#configuration
    if (!queuing) return undefined
    let shortest: Queue | undefined
    for (const index of dealHand(flowHash, queuing.queues, queuing.handSize)) {
      const queue = this.#queues[index]!
      if (!shortest || queue.waiting.length < shortest.waiting.length) shortest = queue
    }
    return shortest && shortest.waiting.length < queuing.queueLengthLimit ? shortest : undefined
  }

  /** Queues that are no longer there are emptied first: their requests move to the others. */
  #resize(): void {
    const wanted = this.#configuration.queuing?.queues ?? 0
    const left = this.#queues.splice(wanted).flatMap(({ waiting }) => waiting)
    while (this.#queues.length < wanted) this.#queues.push({ waiting: [], served: 0 })
    for (const [index, waiting] of left.entries()) {
      const queue = this.#queues[index % Math.max(wanted, 1)]
      if (queue) queue.waiting.push(waiting)
      else {
        // Without any queue they are let through.
        this.#waiting--
        this.#running++
        waiting.start()
      }
    }
  }
}

/** `handSize` different numbers below `deckSize`, the same for the same hash: cards dealt from a shuffled deck. */
export function dealHand(hash: number, deckSize: number, handSize: number): number[] {
  const hand: number[] = []
  let rest = hash >>> 0
  for (let dealt = 0; dealt < Math.min(handSize, deckSize); dealt++) {
    const left = deckSize - dealt
    let card = rest % left
    rest = (Math.imul(rest, 1664525) + 1013904223) >>> 0
    // The card's place among those that are still in the deck.
    for (const taken of [...hand].sort((a, b) => a - b)) if (card >= taken) card++
    hand.push(card)
  }
  return hand
}
