import { type Buckets, type Cell, Counter, gauge, Histogram, type Metric } from "../../base/metrics.ts"
import type { Classified, FlowController } from "../flow-control/flow-controller.ts"
import type { PriorityLevel } from "../flow-control/priority-level.ts"
import type { Ticket } from "../flow-control/queue.ts"

const perFlow = ["priority_level", "flow_schema"]
const secondsBounds = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30]
const lengthBounds = [0, 10, 25, 50, 100, 250, 500, 1000]
const watcherBounds = [0, 1, 10, 100, 1000, 10_000]
const seatsBounds = [1, 2, 4, 8, 16, 32, 64, 100]

const named = (name: string, help: string, labels = perFlow) => ({
  name: `apiserver_flowcontrol_${name}`,
  help,
  labels,
})

/** Why somebody was refused. */
export type Refusal = "queue-full" | "time-out" | "concurrency-limit"

/** The figures of one schema at one level, looked up once. */
interface FlowFigures {
  readonly dispatched: Cell
  readonly waiting: Cell
  readonly waitingSeats: Cell
  readonly executing: Cell
  readonly executingSeats: Cell
  readonly waits: Buckets
  readonly executions: Buckets
  readonly watchExecutions: Buckets
  readonly queueLengths: Buckets
  readonly watchers: Buckets
  readonly seats: Buckets
}

/** What priority and fairness do, under upstream's names. */
export class FlowControlMetrics {
  readonly #dispatched = new Counter(named("dispatched_requests_total", "Requests that were let through."))
  readonly #rejected = new Counter(
    named("rejected_requests_total", "Requests that were refused, and why.", [...perFlow, "reason"]),
  )
  readonly #waiting = new Counter(named("current_inqueue_requests", "Requests that wait for seats."), "gauge")
  readonly #waitingSeats = new Counter(
    named("current_inqueue_seats", "Seats that waiting requests want."),
    "gauge",
  )
  readonly #executing = new Counter(
    named("current_executing_requests", "Requests that have their seats; a watch until it has begun."),
    "gauge",
  )
  readonly #executingSeats = new Counter(named("current_executing_seats", "Seats that are taken."), "gauge")
  readonly #waits = new Histogram(
    named("request_wait_duration_seconds", "How long requests waited, by whether they got seats.", [
      ...perFlow,
      "execute",
    ]),
    secondsBounds,
  )
  readonly #executions = new Histogram(
    named("request_execution_seconds", "How long requests had their seats.", [...perFlow, "type"]),
    secondsBounds,
  )
  readonly #queueLengths = new Histogram(
    named("request_queue_length_after_enqueue", "How long the queue was that a request has joined, with it."),
    lengthBounds,
  )
  readonly #watchers = new Histogram(
    named("watch_count_samples", "How many watch what a request is about to change."),
    watcherBounds,
  )
  readonly #seats = new Histogram(
    named("work_estimated_seats", "How many seats requests were thought to need."),
    seatsBounds,
  )
  readonly #figures = new WeakMap<PriorityLevel, Map<string, FlowFigures>>()

  metrics(controller: FlowController): readonly Metric[] {
    return [
      this.#dispatched,
      this.#rejected,
      this.#waiting,
      this.#waitingSeats,
      this.#executing,
      this.#executingSeats,
      this.#executingSeats.under("apiserver_flowcontrol_request_concurrency_in_use", "Seats that are taken."),
      this.#waits,
      this.#executions,
      this.#queueLengths,
      this.#watchers,
      this.#seats,
      ...levelMetrics(controller),
    ]
  }

  estimated(classified: Classified, seats: number, watchers: number | undefined): void {
    const figures = this.#figuresOf(classified)
    figures.seats.observe(seats)
    if (watchers !== undefined) figures.watchers.observe(watchers)
  }

  waits(classified: Classified, { seats, queue }: Ticket): void {
    const figures = this.#figuresOf(classified)
    figures.waiting.value++
    figures.waitingSeats.value += seats
    figures.queueLengths.observe(queue?.waiting.length ?? 0)
  }

  waitsNoLonger(classified: Classified, { seats }: Ticket): void {
    const figures = this.#figuresOf(classified)
    figures.waiting.value--
    figures.waitingSeats.value -= seats
  }

  refused({ level, schema }: Classified, reason: Refusal, seconds: number): void {
    const flow = [level.name, schema.metadata.name]
    this.#rejected.add(1, ...flow, reason)
    this.#waits.observe(seconds, ...flow, "false")
  }

  begins(classified: Classified, { seats, arrivedMs, startedMs, queue }: Ticket): void {
    const figures = this.#figuresOf(classified)
    figures.dispatched.value++
    figures.executing.value++
    figures.executingSeats.value += seats
    if (queue) figures.waits.observe((startedMs - arrivedMs) / 1000)
  }

  ends(classified: Classified, { seats }: Ticket, seconds: number, isWatch: boolean): void {
    const figures = this.#figuresOf(classified)
    figures.executing.value--
    figures.executingSeats.value -= seats
    ;(isWatch ? figures.watchExecutions : figures.executions).observe(seconds)
  }

  #figuresOf({ level, schema: { metadata } }: Classified): FlowFigures {
    let schemas = this.#figures.get(level)
    if (!schemas) this.#figures.set(level, (schemas = new Map<string, FlowFigures>()))
    let figures = schemas.get(metadata.name)
    if (!figures) schemas.set(metadata.name, (figures = this.#newFigures(level.name, metadata.name)))
    return figures
  }

  #newFigures(...flow: [level: string, schema: string]): FlowFigures {
    return {
      dispatched: this.#dispatched.at(...flow),
      waiting: this.#waiting.at(...flow),
      waitingSeats: this.#waitingSeats.at(...flow),
      executing: this.#executing.at(...flow),
      executingSeats: this.#executingSeats.at(...flow),
      waits: this.#waits.at(...flow, "true"),
      executions: this.#executions.at(...flow, "regular"),
      watchExecutions: this.#executions.at(...flow, "watch"),
      queueLengths: this.#queueLengths.at(...flow),
      watchers: this.#watchers.at(...flow),
      seats: this.#seats.at(...flow),
    }
  }
}

function levelMetrics(controller: FlowController): Metric[] {
  const ofLevels = (
    name: string,
    help: string,
    read: (level: PriorityLevel) => number,
    type: "gauge" | "counter" = "gauge",
  ) =>
    gauge(
      named(name, help, ["priority_level"]),
      function* () {
        for (const level of controller.levels) yield [read(level), level.name]
      },
      type,
    )
  return [
    ofLevels(
      "request_concurrency_limit",
      "Seats of its own, by an older name.",
      ({ configuration }) => configuration.nominal,
    ),
    ofLevels("nominal_limit_seats", "Seats of its own.", ({ configuration }) => configuration.nominal),
    ofLevels("lower_limit_seats", "Seats that it never lends.", ({ configuration }) => configuration.lower),
    ofLevels(
      "upper_limit_seats",
      "Seats with all that it may borrow.",
      ({ configuration }) => configuration.upper,
    ),
    ofLevels("current_limit_seats", "Seats it may take now.", ({ limit }) => limit),
    ofLevels("target_seats", "Seats it wanted when they were shared out.", ({ target }) => target),
    ofLevels(
      "demand_seats_high_watermark",
      "The most seats it could have used at once in the last period.",
      ({ demand }) => demand.demand.highWatermark,
    ),
    ofLevels(
      "demand_seats_average",
      "Seats it could have used in the last period.",
      ({ demand }) => demand.demand.average,
    ),
    ofLevels(
      "demand_seats_stdev",
      "How much that went up and down.",
      ({ demand }) => demand.demand.deviation,
    ),
    ofLevels(
      "demand_seats_smoothed",
      "Seats it could use, remembered for longer than a period.",
      ({ demand }) => demand.demand.smoothed,
    ),
    ofLevels(
      "current_r",
      "How far the imagined service of all its queues has come.",
      ({ progress }) => progress,
    ),
    ofLevels(
      "request_dispatch_no_accommodation_total",
      "How often the next request had to wait for more seats than were free.",
      ({ counts }) => counts.noAccommodation,
      "counter",
    ),
    gauge(
      named("seat_fair_frac", "The part of its target that each level gets which no bound holds back.", []),
      () => [[controller.fairFraction]],
    ),
  ]
}
