import { maxSeats, type WorkEstimate } from "./work-estimate.ts"

/** Requests that are alike: of one schema, and of one user or namespace where the schema tells those apart. */
export interface Flow {
  readonly schema: string
  readonly distinguisher: string
  readonly hash: number
}

/** One request at its level. */
export class Ticket {
  readonly flow: Flow
  readonly work: WorkEstimate
  readonly seats: number
  /** What the request is, for people who look into the queues. */
  readonly about: unknown
  /** Called when it may run after it has waited. */
  start: () => void = () => {}
  // What the level knows of it. Times are those of the level's clock.
  queue: Queue | undefined = undefined
  arrivedMs = 0
  startedMs = 0
  /** The reading of the progress meter when it came. */
  arrivedAt = 0

  constructor(flow: Flow, work: WorkEstimate, about?: unknown) {
    this.flow = flow
    this.work = work
    this.seats = maxSeats(work)
    this.about = about
  }
}

/** Of a level: requests wait in it, and those that have left it run. */
export class Queue {
  readonly index: number
  readonly waiting: Ticket[] = []
  /** Requests that run. */
  running = 0
  seatsInUse = 0
  /** Reading of the progress meter at which the next request would begin. */
  nextAt = 0
  /** Of those that wait. */
  workWaiting = 0

  constructor(index: number) {
    this.index = index
  }

  get isIdle(): boolean {
    return this.running === 0 && this.waiting.length === 0
  }

  /** A queue that could not use its part for a while does not make up for it: nothing is served before it has come. */
  catchUp(): void {
    const first = this.waiting[0]
    if (first && this.nextAt < first.arrivedAt) this.nextAt = first.arrivedAt
  }
}
