import { Counter, formatMetrics, gauge, Histogram, type Metric } from "../base/metrics.ts"
import type { SchedulingQueue } from "./queue/scheduling-queue.ts"

const exponential = (first: number, factor: number, count: number) =>
  Array.from({ length: count }, (_, index) => first * factor ** index)

/** What the scheduler counts of itself, under upstream's names. Durations in seconds. */
export class SchedulerMetrics {
  readonly attempts = new Counter({
    name: "scheduler_schedule_attempts_total",
    help: "[STABLE] Number of attempts to schedule pods, by the result. 'unschedulable' means a pod could not be scheduled, while 'error' means an internal scheduler problem.",
    labels: ["result", "profile"],
  })
  readonly attemptDuration = new Histogram(
    {
      name: "scheduler_scheduling_attempt_duration_seconds",
      help: "[STABLE] Scheduling attempt latency in seconds (scheduling algorithm + binding)",
      labels: ["result", "profile"],
    },
    exponential(0.001, 2, 15),
  )
  readonly algorithmDuration = new Histogram(
    {
      name: "scheduler_scheduling_algorithm_duration_seconds",
      help: "[ALPHA] Scheduling algorithm latency in seconds",
    },
    exponential(0.001, 2, 15),
  )
  readonly podDuration = new Histogram(
    {
      name: "scheduler_pod_scheduling_sli_duration_seconds",
      help: "[BETA] E2e latency for a pod being scheduled, from the time the pod enters the scheduling queue and might involve multiple scheduling attempts.",
      labels: ["attempts"],
    },
    exponential(0.01, 2, 20),
  )
  readonly podAttempts = new Histogram(
    {
      name: "scheduler_pod_scheduling_attempts",
      help: "[STABLE] Number of attempts to successfully schedule a pod.",
    },
    exponential(1, 2, 5),
  )
  readonly preemptionAttempts = new Counter({
    name: "scheduler_preemption_attempts_total",
    help: "[STABLE] Total preemption attempts in the cluster till now",
  })
  readonly preemptionVictims = new Histogram(
    { name: "scheduler_preemption_victims", help: "[STABLE] Number of selected preemption victims" },
    exponential(1, 2, 7),
  )
  readonly incomingPods = new Counter({
    name: "scheduler_queue_incoming_pods_total",
    help: "[STABLE] Number of pods added to scheduling queues by event and queue type.",
    labels: ["queue", "event"],
  })
  readonly #metrics: Metric[]

  constructor(
    queue: () => SchedulingQueue,
    cacheSize: () => { nodes: number; pods: number; assumed: number },
  ) {
    const pending = gauge(
      {
        name: "scheduler_pending_pods",
        help: "[STABLE] Number of pending pods, by the queue type. 'active' means number of pods in activeQ; 'backoff' means number of pods in backoffQ; 'unschedulable' means number of pods in unschedulablePods that the scheduler attempted to schedule and failed; 'gated' is the number of unschedulable pods that the scheduler never attempted to schedule because they are gated.",
        labels: ["queue"],
      },
      function* () {
        const { active, backoff, unschedulable, gated } = queue().sizes
        yield* Object.entries({ active, backoff, unschedulable, gated }).map(
          ([name, size]) => [size, name] as const,
        )
      },
    )
    const cached = gauge(
      {
        name: "scheduler_cache_size",
        help: "[ALPHA] Number of nodes, pods, and assumed (bound) pods in the scheduler cache.",
        labels: ["type"],
      },
      function* () {
        const { nodes, pods, assumed } = cacheSize()
        yield [assumed, "assumed_pods"]
        yield [nodes, "nodes"]
        yield [pods, "pods"]
      },
    )
    const { attempts, attemptDuration, algorithmDuration, podDuration, podAttempts } = this
    const { preemptionAttempts, preemptionVictims, incomingPods } = this
    this.#metrics = [
      attempts,
      attemptDuration,
      algorithmDuration,
      podDuration,
      podAttempts,
      preemptionAttempts,
      preemptionVictims,
      incomingPods,
      pending,
      cached,
    ]
  }

  /** In Prometheus' text format. */
  format(): string {
    return formatMetrics(this.#metrics)
  }
}
