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
  readonly #dispatched = new Counter(
    named(
      "dispatched_requests_total",
      "[BETA] Number of requests executed by API Priority and Fairness subsystem",
    ),
  )
  readonly #rejected = new Counter(
    named(
      "rejected_requests_total",
      "[BETA] Number of requests rejected by API Priority and Fairness subsystem",
      [...perFlow, "reason"],
    ),
  )
  readonly #waiting = new Counter(
    named(
      "current_inqueue_requests",
      "[BETA] Number of requests currently pending in queues of the API Priority and Fairness subsystem",
    ),
    "gauge",
  )
  readonly #waitingSeats = new Counter(
    named(
      "current_inqueue_seats",
      "[ALPHA] Number of seats currently pending in queues of the API Priority and Fairness subsystem",
    ),
    "gauge",
  )
  readonly #executing = new Counter(
    named(
      "current_executing_requests",
      "[BETA] Number of requests in initial (for a WATCH) or any (for a non-WATCH) execution stage in the API Priority and Fairness subsystem",
    ),
    "gauge",
  )
  readonly #executingSeats = new Counter(
    named(
      "current_executing_seats",
      "[BETA] Concurrency (number of seats) occupied by the currently executing (initial stage for a WATCH, any stage otherwise) requests in the API Priority and Fairness subsystem",
    ),
    "gauge",
  )
  readonly #waits = new Histogram(
    named("request_wait_duration_seconds", "[BETA] Length of time a request spent waiting in its queue", [
      ...perFlow,
      "execute",
    ]),
    secondsBounds,
  )
  readonly #executions = new Histogram(
    named(
      "request_execution_seconds",
      "[ALPHA] Duration of initial stage (for a WATCH) or any (for a non-WATCH) stage of request execution in the API Priority and Fairness subsystem",
      [...perFlow, "type"],
    ),
    secondsBounds,
  )
  readonly #queueLengths = new Histogram(
    named(
      "request_queue_length_after_enqueue",
      "[ALPHA] Length of queue in the API Priority and Fairness subsystem, as seen by each request after it is enqueued",
    ),
    lengthBounds,
  )
  readonly #watchers = new Histogram(
    named(
      "watch_count_samples",
      "[ALPHA] count of watchers for mutating requests in API Priority and Fairness",
    ),
    watcherBounds,
  )
  readonly #seats = new Histogram(
    named(
      "work_estimated_seats",
      "[ALPHA] Number of estimated seats (maximum of initial and final seats) associated with requests in API Priority and Fairness",
    ),
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
      this.#executingSeats.under(
        "apiserver_flowcontrol_request_concurrency_in_use",
        "[ALPHA] (Deprecated since 1.31.0) Concurrency (number of seats) occupied by the currently executing (initial stage for a WATCH, any stage otherwise) requests in the API Priority and Fairness subsystem",
      ),
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
  const ofLevels = (name: string, help: string, read: (level: PriorityLevel) => number) =>
    gauge(named(name, help, ["priority_level"]), function* () {
      for (const level of controller.levels) yield [read(level), level.name]
    })
  return [
    ofLevels(
      "request_concurrency_limit",
      "[ALPHA] (Deprecated since 1.30.0) Nominal number of execution seats configured for each priority level",
      ({ configuration }) => configuration.nominal,
    ),
    ofLevels(
      "nominal_limit_seats",
      "[BETA] Nominal number of execution seats configured for each priority level",
      ({ configuration }) => configuration.nominal,
    ),
    ofLevels(
      "lower_limit_seats",
      "[ALPHA] Configured lower bound on number of execution seats available to each priority level",
      ({ configuration }) => configuration.lower,
    ),
    ofLevels(
      "upper_limit_seats",
      "[ALPHA] Configured upper bound on number of execution seats available to each priority level",
      ({ configuration }) => configuration.upper,
    ),
    ofLevels(
      "current_limit_seats",
      "[ALPHA] current derived number of execution seats available to each priority level",
      ({ limit }) => limit,
    ),
    ofLevels("target_seats", "[ALPHA] Seat allocation targets", ({ target }) => target),
    ofLevels(
      "demand_seats_high_watermark",
      "[ALPHA] High watermark, over last adjustment period, of demand_seats",
      ({ demand }) => demand.demand.highWatermark,
    ),
    ofLevels(
      "demand_seats_average",
      "[ALPHA] Time-weighted average, over last adjustment period, of demand_seats",
      ({ demand }) => demand.demand.average,
    ),
    ofLevels(
      "demand_seats_stdev",
      "[ALPHA] Time-weighted standard deviation, over last adjustment period, of demand_seats",
      ({ demand }) => demand.demand.deviation,
    ),
    ofLevels(
      "demand_seats_smoothed",
      "[ALPHA] Smoothed seat demands",
      ({ demand }) => demand.demand.smoothed,
    ),
    ofLevels("current_r", "[ALPHA] R(time of last change)", ({ progress }) => progress),
    gauge(
      named(
        "request_dispatch_no_accommodation_total",
        "[ALPHA] Number of times a dispatch attempt resulted in a non accommodation due to lack of available seats",
      ),
      function* () {
        for (const { name, counts } of controller.levels)
          for (const [schema, count] of counts.noAccommodation) yield [count, name, schema] as const
      },
      "counter",
    ),
    gauge(
      named(
        "seat_fair_frac",
        "[ALPHA] Fair fraction of server's concurrency to allocate to each priority level that can use it",
        [],
      ),
      () => [[controller.fairFraction]],
    ),
  ]
}
