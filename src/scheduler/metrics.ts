import { Counter, exponentialBounds, formatMetrics, gauge, Histogram, type Metric } from "../base/metrics.ts"
import type { QueuedPod, SchedulingQueue } from "./queue/scheduling-queue.ts"

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
    exponentialBounds(0.001, 2, 15),
  )
  readonly algorithmDuration = new Histogram(
    {
      name: "scheduler_scheduling_algorithm_duration_seconds",
      help: "[ALPHA] Scheduling algorithm latency in seconds",
    },
    exponentialBounds(0.001, 2, 15),
  )
  readonly podDuration = new Histogram(
    {
      name: "scheduler_pod_scheduling_sli_duration_seconds",
      help: "[BETA] E2e latency for a pod being scheduled, from the time the pod enters the scheduling queue and might involve multiple scheduling attempts.",
      labels: ["attempts"],
    },
    exponentialBounds(0.01, 2, 20),
  )
  readonly podAttempts = new Histogram(
    {
      name: "scheduler_pod_scheduling_attempts",
      help: "[STABLE] Number of attempts to successfully schedule a pod.",
    },
    exponentialBounds(1, 2, 5),
  )
  readonly preemptionAttempts = new Counter({
    name: "scheduler_preemption_attempts_total",
    help: "[STABLE] Total preemption attempts in the cluster till now",
  })
  readonly preemptionVictims = new Histogram(
    { name: "scheduler_preemption_victims", help: "[STABLE] Number of selected preemption victims" },
    exponentialBounds(1, 2, 7),
  )
  readonly scheduledAfterFlush = new Counter({
    name: "scheduler_pod_scheduled_after_flush_total",
    help: "[ALPHA] Number of pods that were successfully scheduled after being flushed from unschedulablePods due to timeout. This metric helps detect potential queueing hint misconfigurations or event handling issues.",
  })
  /** How long all plugins together took at a point. */
  readonly extensionPointDuration = new Histogram(
    {
      name: "scheduler_framework_extension_point_duration_seconds",
      help: "[STABLE] Latency for running all plugins of a specific extension point.",
      labels: ["extension_point", "status", "profile"],
    },
    exponentialBounds(0.0001, 2, 12),
  )
  readonly permitWaitDuration = new Histogram(
    {
      name: "scheduler_permit_wait_duration_seconds",
      help: "[BETA] Duration of waiting on permit.",
      labels: ["result"],
    },
    exponentialBounds(0.001, 2, 15),
  )
  readonly pluginEvaluations = new Counter({
    name: "scheduler_plugin_evaluation_total",
    help: "[BETA] Number of attempts to schedule pods by each plugin and the extension point (available only in PreFilter, Filter, PreScore, and Score).",
    labels: ["plugin", "extension_point", "profile"],
  })
  readonly goroutines = new Counter(
    {
      name: "scheduler_goroutines",
      help: "[BETA] Number of running goroutines split by the work they do such as binding.",
      labels: ["operation"],
    },
    "gauge",
  )
  readonly incomingPods = new Counter({
    name: "scheduler_queue_incoming_pods_total",
    help: "[STABLE] Number of pods added to scheduling queues by event and queue type.",
    labels: ["queue", "event"],
  })
  readonly #metrics: Metric[]

  constructor(
    queue: () => Pick<SchedulingQueue, "all" | "sizes">,
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
    const unschedulable = gauge(
      {
        name: "scheduler_unschedulable_pods",
        help: "[BETA] The number of unschedulable pods broken down by plugin name. A pod will increment the gauge for all plugins that caused it to not schedule and so this metric have meaning only when broken down by plugin.",
        labels: ["plugin", "profile"],
      },
      () => countRejections(queue().all()),
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
    this.#metrics = [
      this.attempts,
      this.attemptDuration,
      this.algorithmDuration,
      this.podDuration,
      this.podAttempts,
      this.preemptionAttempts,
      this.preemptionVictims,
      this.scheduledAfterFlush,
      this.extensionPointDuration,
      this.permitWaitDuration,
      this.pluginEvaluations,
      this.goroutines,
      this.incomingPods,
      pending,
      unschedulable,
      cached,
    ]
  }

  /** A try has come to an end. */
  attempted(result: "scheduled" | "unschedulable" | "error", profile: string, durationMs: number): void {
    this.attempts.add(1, result, profile)
    this.attemptDuration.observe(durationMs / 1000, result, profile)
  }

  /** In Prometheus' text format. */
  text(): string {
    return formatMetrics(this.#metrics)
  }
}

/** Of the pods that wait: who rejected them, or keeps them out. */
function* countRejections(pods: readonly QueuedPod[]): Iterable<readonly [number, string, string]> {
  const counts = new Map<string, number>()
  for (const { place, rejectedBy, gatedBy, info } of pods) {
    if (place === "taken") continue
    const plugins = gatedBy ? [gatedBy] : rejectedBy
    for (const { name } of plugins) {
      const key = JSON.stringify([name, info.pod.spec.schedulerName])
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
  }
  for (const [key, count] of counts) {
    const [plugin, profile] = JSON.parse(key) as [string, string]
    yield [count, plugin, profile]
  }
}
