import { Counter, gauge, Histogram, type Metric } from "../base/metrics.ts"
import type { WorkQueueFigures, WorkQueueMetrics } from "./work-queue.ts"

const labels = ["name"]
/** Seconds, from ten nanoseconds to ten. */
const bounds = Array.from({ length: 10 }, (_, index) => 1e-8 * 10 ** index)

/** What the work queues of a process count of themselves, under client-go's names; a label tells the queues apart. */
export class AllWorkQueueMetrics {
  readonly #queues = new Map<string, () => WorkQueueFigures>()
  readonly #adds = new Counter({
    name: "workqueue_adds_total",
    help: "[BETA] Total number of adds handled by workqueue",
    labels,
  })
  readonly #retries = new Counter({
    name: "workqueue_retries_total",
    help: "[BETA] Total number of retries handled by workqueue",
    labels,
  })
  readonly #waits = new Histogram(
    {
      name: "workqueue_queue_duration_seconds",
      help: "[BETA] How long in seconds an item stays in workqueue before being requested.",
      labels,
    },
    bounds,
  )
  readonly #work = new Histogram(
    {
      name: "workqueue_work_duration_seconds",
      help: "[BETA] How long in seconds processing an item from workqueue takes.",
      labels,
    },
    bounds,
  )

  /** The metrics of the queue `name`; a queue of the same name that comes later takes its place. */
  of(name: string): WorkQueueMetrics {
    // They are told from the start: a queue that nothing went through is no queue that is missing.
    this.#adds.add(0, name)
    this.#retries.add(0, name)
    return {
      follow: (figures) => void this.#queues.set(name, figures),
      added: () => this.#adds.add(1, name),
      taken: (waitedMs) => this.#waits.observe(waitedMs / 1000, name),
      finished: (workedMs) => this.#work.observe(workedMs / 1000, name),
      retried: () => this.#retries.add(1, name),
    }
  }

  get metrics(): readonly Metric[] {
    return [
      this.#figure("workqueue_depth", "Current depth of workqueue", ({ depth }) => depth),
      this.#adds,
      this.#waits,
      this.#work,
      this.#figure(
        "workqueue_unfinished_work_seconds",
        "How many seconds of work has done that is in progress and hasn't been observed by work_duration. Large values indicate stuck threads. One can deduce the number of stuck threads by observing the rate at which this increases.",
        ({ unfinishedMs }) => unfinishedMs / 1000,
      ),
      this.#figure(
        "workqueue_longest_running_processor_seconds",
        "How many seconds has the longest running processor for workqueue been running.",
        ({ longestMs }) => longestMs / 1000,
      ),
      this.#retries,
    ]
  }

  #figure(name: string, help: string, of: (figures: WorkQueueFigures) => number): Metric {
    return gauge({ name, help: `[BETA] ${help}`, labels }, () =>
      Array.from(this.#queues, ([queue, figures]): [number, string] => [of(figures()), queue]),
    )
  }
}
