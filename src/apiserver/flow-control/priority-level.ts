import type { Clock } from "../../base/clock.ts"
import { Queue, type Ticket } from "./queue.ts"
import { RetryAfter } from "./retry-after.ts"
import { SeatDemand } from "./seat-demand.ts"
import { dealHand } from "./shuffle-sharding.ts"
import { totalWork, usualSeconds } from "./work-estimate.ts"

/** How much a level may do, and how its requests wait. */
export interface LevelConfiguration {
  /** Its requests are never held up. */
  readonly isExempt: boolean
  /** Its share of the server's seats. */
  readonly nominal: number
  /** That many are never lent. */
  readonly lower: number
  /** With all that it may borrow. */
  readonly upper: number
  /** Without queues, who does not run is refused. */
  readonly queuing?: { readonly queues: number; readonly handSize: number; readonly queueLengthLimit: number }
}

/** Counted since the beginning. */
export interface LevelCounts {
  dispatched: number
  rejected: number
  cancelled: number
  /** How often who was next had to wait for more seats than were free, by schema. */
  readonly noAccommodation: Map<string, number>
}

export type Entered = "running" | "waiting" | "queue-full" | "concurrency-limit"

/**
 * One priority level: how many seats its requests may take at once, and how the others wait
 * (https://kubernetes.io/docs/concepts/cluster-administration/flow-control/).
 *
 * Fairness among the flows of a level comes from two things. Shuffle sharding: a flow may use only a few of the queues.
 * Fair queuing: imagine that all queues with work were served at once, each with an equal part of the seats. How far that
 * has come is told by a progress meter, in seconds times seats for each queue. Each queue knows at which reading its next
 * request would begin; the one whose next request would end first is the next to be served for real.
 *
 * Invariant: whenever the next to be served fits in, nobody waits.
 */
export class PriorityLevel {
  readonly name: string
  readonly demand: SeatDemand
  readonly counts: LevelCounts = {
    dispatched: 0,
    rejected: 0,
    cancelled: 0,
    noAccommodation: new Map<string, number>(),
  }
  readonly queues: Queue[] = []
  readonly running = new Set<Ticket>()
  readonly retryAfter = new RetryAfter()
  /** It has no configuration any more; it goes when it is idle. */
  isQuiescing = false
  /** What it wanted to get when seats were shared out last. */
  target = 0
  #configuration: LevelConfiguration
  readonly #clock: Clock
  #limit = 0
  #seatsInUse = 0
  #seatsWaiting = 0
  #waiting = 0
  #progress = 0
  #progressMs: number
  #activeQueues = 0
  /** The queue that was served last; equals take turns. */
  #turn = 0
  #enqueued = 0

  constructor(name: string, configuration: LevelConfiguration, clock: Clock) {
    this.name = name
    this.#configuration = configuration
    this.#clock = clock
    this.#progressMs = clock.monotonic()
    this.demand = new SeatDemand(this.#progressMs / 1000)
    this.#limit = configuration.nominal - Math.floor((configuration.nominal - configuration.lower) / 2)
    this.#resize()
  }

  get configuration(): LevelConfiguration {
    return this.#configuration
  }

  get seatsInUse(): number {
    return this.#seatsInUse
  }

  get waiting(): number {
    return this.#waiting
  }

  get isIdle(): boolean {
    return this.#waiting === 0 && this.running.size === 0
  }

  /** How many seats it may take now. */
  get limit(): number {
    return this.#limit
  }

  /** How far the imagined service of all queues has come. */
  get progress(): number {
    return this.#progress
  }

  /** One request of this level never takes more seats; 0: nothing is said. */
  get maxSeats(): number {
    const { queuing, nominal } = this.#configuration
    if (!queuing) return 0
    return Math.max(1, Math.min(Math.ceil(nominal * 0.15), Math.floor(nominal / queuing.handSize)))
  }

  configure(configuration: LevelConfiguration): void {
    this.#configuration = configuration
    this.#resize()
  }

  setLimit(limit: number): void {
    this.#synchronize()
    this.#limit = limit
    this.#dispatch()
  }

  /** Takes seats, waits for them, or is refused, since there is neither a seat nor room to wait. */
  enter(ticket: Ticket): Entered {
    this.#synchronize()
    ticket.arrivedMs = this.#progressMs
    const { queuing, isExempt } = this.#configuration
    if (isExempt || !queuing) {
      if (!isExempt && !this.#hasRoomFor(ticket.seats)) return this.#refuse("concurrency-limit")
      this.#run(ticket)
      return "running"
    }
    const queue = this.#chooseQueue(ticket.flow.hash, queuing)
    if (this.#seatsInUse >= this.#limit && queue.waiting.length >= queuing.queueLengthLimit) {
      return this.#refuse("queue-full")
    }
    this.#arrive(ticket, queue)
    // Most often nobody waits, and no queue has to be looked at.
    if (this.#waiting === 0 && this.#seatsInUse < this.#limit && this.#hasRoomFor(ticket.seats)) {
      this.#runFrom(queue, ticket)
      return "running"
    }
    this.#enqueue(ticket, queue)
    this.#dispatch()
    return this.running.has(ticket) ? "running" : "waiting"
  }

  /** A running request has been answered; what its watchers take of its seats is given back later. */
  leave(ticket: Ticket): void {
    this.#synchronize()
    const { queue, work } = ticket
    this.running.delete(ticket)
    if (queue) {
      queue.running--
      const ranSeconds = (this.#progressMs - ticket.startedMs) / 1000
      // It was thought to take the usual time.
      queue.nextAt -= work.initialSeats * (usualSeconds - ranSeconds)
      queue.catchUp()
      if (queue.isIdle) this.#activeQueues--
    }
    if (work.additionalMs > 0) {
      this.#clock.after(work.additionalMs, () => {
        this.#synchronize()
        this.#release(ticket)
      })
    } else this.#release(ticket)
  }

  /** A waiting request has gone away, or has waited too long. */
  abandon(ticket: Ticket): void {
    this.#synchronize()
    const { queue } = ticket
    const index = queue?.waiting.indexOf(ticket) ?? -1
    if (!queue || index < 0) return
    queue.waiting.splice(index, 1)
    this.#noLongerWaits(ticket, queue)
    if (queue.isIdle) this.#activeQueues--
    this.counts.rejected++
    this.counts.cancelled++
    this.#noteDemand()
    queue.catchUp()
    this.#dispatch()
  }

  /** Brings the progress meter to the present: since the last time nothing has changed. */
  #synchronize(): void {
    const now = this.#clock.monotonic()
    if (this.#activeQueues > 0) {
      const served = Math.min(this.#seatsInUse + this.#seatsWaiting, this.#limit)
      this.#progress += ((now - this.#progressMs) / 1000) * (served / this.#activeQueues)
    }
    this.#progressMs = now
  }

  #refuse<T extends Entered>(why: T): T {
    this.counts.rejected++
    return why
  }

  #arrive(ticket: Ticket, queue: Queue): void {
    ticket.queue = queue
    ticket.arrivedAt = this.#progress
    if (queue.isIdle) {
      queue.nextAt = this.#progress
      this.#activeQueues++
    } else if (queue.waiting.length === 0 && queue.nextAt < this.#progress) queue.nextAt = this.#progress
  }

  #enqueue(ticket: Ticket, queue: Queue): void {
    queue.waiting.push(ticket)
    queue.workWaiting += totalWork(ticket.work)
    this.#waiting++
    this.#seatsWaiting += ticket.seats
    this.#noteDemand()
  }

  #noLongerWaits(ticket: Ticket, queue: Queue): void {
    queue.workWaiting = queue.waiting.length === 0 ? 0 : queue.workWaiting - totalWork(ticket.work)
    this.#waiting--
    this.#seatsWaiting -= ticket.seats
  }

  /** Gives seats to those who wait, as many as there are. */
  #dispatch(): void {
    while (this.#waiting > 0 && this.#seatsInUse < this.#limit) {
      const queue = this.#nextQueue()
      const next = queue.waiting[0]!
      if (!this.#hasRoomFor(next.seats)) {
        const { noAccommodation } = this.counts
        const { schema } = next.flow
        noAccommodation.set(schema, (noAccommodation.get(schema) ?? 0) + 1)
        return
      }
      queue.waiting.shift()
      this.#noLongerWaits(next, queue)
      this.#runFrom(queue, next)
      queue.catchUp()
      next.start()
    }
  }

  #runFrom(queue: Queue, ticket: Ticket): void {
    this.#turn = queue.index
    this.#run(ticket)
    queue.nextAt += totalWork(ticket.work)
  }

  #run(ticket: Ticket): void {
    ticket.startedMs = this.#progressMs
    this.running.add(ticket)
    this.#seatsInUse += ticket.seats
    this.counts.dispatched++
    if (ticket.queue) {
      ticket.queue.running++
      ticket.queue.seatsInUse += ticket.seats
    }
    this.#noteDemand()
  }

  #release(ticket: Ticket): void {
    this.#seatsInUse -= ticket.seats
    if (ticket.queue) ticket.queue.seatsInUse -= ticket.seats
    this.#noteDemand()
    this.#dropSpareQueues()
    this.#dispatch()
  }

  /** Whoever wants more than there is at all runs when nobody else does. */
  #hasRoomFor(seats: number): boolean {
    if (seats > this.#limit) return this.running.size === 0
    return this.#seatsInUse + seats <= this.#limit
  }

  /** Of the queues where somebody waits that whose first would be done first. */
  #nextQueue(): Queue {
    let next: Queue | undefined
    let nextEnd = Number.POSITIVE_INFINITY
    for (let step = 1; step <= this.queues.length; step++) {
      const queue = this.queues[(this.#turn + step) % this.queues.length]!
      const first = queue.waiting[0]
      if (!first) continue
      const end = queue.nextAt + totalWork(first.work)
      if (end < nextEnd) [next, nextEnd] = [queue, end]
    }
    return next!
  }

  /** Of the flow's hand that where the least waits. Which one is looked at first changes, so that equals share. */
  #chooseQueue(hash: number, { queues, handSize }: NonNullable<LevelConfiguration["queuing"]>): Queue {
    const hand = dealHand(hash, queues, handSize)
    const first = this.#enqueued++ % hand.length
    let best = this.queues[hand[first]!]!
    for (let step = 1; step < hand.length; step++) {
      const queue = this.queues[hand[(first + step) % hand.length]!]!
      if (queue.workWaiting < best.workWaiting) best = queue
    }
    return best
  }

  #noteDemand(): void {
    this.demand.set(this.#seatsInUse + this.#seatsWaiting, this.#progressMs / 1000)
  }

  /** New queues are there at once; those that are too many get no new requests and go when they are empty. */
  #resize(): void {
    const wanted = this.#configuration.queuing?.queues ?? 0
    while (this.queues.length < wanted) this.queues.push(new Queue(this.queues.length))
    this.#dropSpareQueues()
  }

  #dropSpareQueues(): void {
    const wanted = this.#configuration.queuing?.queues ?? 0
    while (this.queues.length > wanted) {
      const last = this.queues.at(-1)!
      if (!last.isIdle || last.seatsInUse > 0) return
      this.queues.pop()
    }
  }
}
