import { Counter, gauge, Histogram, type Metric } from "../../base/metrics.ts"
import type { Classified, FlowController } from "../flow-control/flow-controller.ts"

const perFlow = ["priority_level", "flow_schema"]
const waitBounds = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30]

/** What priority and fairness do, under upstream's names. */
export class FlowControlMetrics {
  readonly #dispatched = new Counter({
    name: "apiserver_flowcontrol_dispatched_requests_total",
    help: "Requests that were let through.",
    labels: perFlow,
  })
  readonly #rejected = new Counter({
    name: "apiserver_flowcontrol_rejected_requests_total",
    help: "Requests that were refused, and why.",
    labels: [...perFlow, "reason"],
  })
  readonly #waiting = new Counter(
    {
      name: "apiserver_flowcontrol_current_inqueue_requests",
      help: "Requests that wait for a seat.",
      labels: perFlow,
    },
    "gauge",
  )
  readonly #executing = new Counter(
    {
      name: "apiserver_flowcontrol_current_executing_requests",
      help: "Requests that have a seat.",
      labels: perFlow,
    },
    "gauge",
  )
  readonly #waits = new Histogram(
    {
      name: "apiserver_flowcontrol_request_wait_duration_seconds",
      help: "How long requests waited, by whether they got a seat.",
      labels: [...perFlow, "execute"],
    },
    waitBounds,
  )
  readonly #executions = new Histogram(
    {
      name: "apiserver_flowcontrol_request_execution_seconds",
      help: "How long requests had their seat.",
      labels: [...perFlow, "type"],
    },
    waitBounds,
  )

  metrics(controller: FlowController): readonly Metric[] {
    const ofLevels = (name: string, help: string, read: (level: LevelSeats) => number) =>
      gauge({ name: `apiserver_flowcontrol_${name}`, help, labels: ["priority_level"] }, function* () {
        for (const level of controller.levels) yield [read(level), level.name]
      })
    return [
      this.#dispatched,
      this.#rejected,
      this.#waiting,
      this.#executing,
      this.#executing.under("apiserver_flowcontrol_current_executing_seats", "Seats that are taken."),
      this.#waits,
      this.#executions,
      ofLevels("nominal_limit_seats", "Seats of its own.", ({ seats }) => seats),
      ofLevels("current_limit_seats", "Seats it may take now.", ({ limit }) => limit),
      ofLevels("lower_limit_seats", "Seats that it never lends.", ({ seats, lendable }) => seats - lendable),
      ofLevels("upper_limit_seats", "Seats with all that it may borrow.", ({ upperLimit }) => upperLimit),
    ]
  }

  waits(classified: Classified, change: 1 | -1): void {
    this.#waiting.add(change, ...flowOf(classified))
  }

  refused(
    classified: Classified,
    reason: "queue-full" | "time-out" | "concurrency-limit",
    seconds: number,
  ): void {
    const flow = flowOf(classified)
    this.#rejected.add(1, ...flow, reason)
    this.#waits.observe(seconds, ...flow, "false")
  }

  begins(classified: Classified, waitedSeconds: number): void {
    const flow = flowOf(classified)
    this.#dispatched.add(1, ...flow)
    this.#executing.add(1, ...flow)
    if (classified.level) this.#waits.observe(waitedSeconds, ...flow, "true")
  }

  ends(classified: Classified, seconds: number): void {
    const flow = flowOf(classified)
    this.#executing.add(-1, ...flow)
    this.#executions.observe(seconds, ...flow, "regular")
  }
}

interface LevelSeats {
  readonly seats: number
  readonly lendable: number
  readonly limit: number
  readonly upperLimit: number
}

function flowOf({ schema, configuration }: Classified): [string, string] {
  return [configuration.metadata.name, schema.metadata.name]
}
