import type { Kubelet } from "../../kubelet.ts"
import { collectPodStats, type PodStats } from "../pod-stats.ts"
import { type Sample, timedCounter, type TimedMetric, timedGauge } from "./metric-text.ts"

/** What metrics-server and the like read: use of cpu and memory by node, pod and container. */
export async function resourceMetrics(kubelet: Kubelet): Promise<TimedMetric[]> {
  const [usage, pods] = await Promise.all([kubelet.services.host.usage(), collectPodStats(kubelet)])
  const now = kubelet.services.clock.now()
  const one = (value: number): Sample[] => [{ labels: {}, value, atMs: now }]
  return [
    ...containerMetrics(pods),
    counter(
      "node_cpu_usage_seconds_total",
      "Cumulative cpu time consumed by the node in core-seconds",
      one(usage.cpuCoreNanoSeconds / 1e9),
    ),
    gauge(
      "node_memory_working_set_bytes",
      "Current working set of the node in bytes",
      one(usage.memoryWorkingSetBytes),
    ),
    counter(
      "pod_cpu_usage_seconds_total",
      "Cumulative cpu time consumed by the pod in core-seconds",
      ofPods(
        pods,
        ({ usage: own, total }) => (own?.group?.cpuNanoSeconds ?? total.cpuNanoSeconds) / 1e9,
        now,
      ),
    ),
    gauge(
      "pod_memory_working_set_bytes",
      "Current working set of the pod in bytes",
      ofPods(
        pods,
        ({ usage: own, total }) => own?.group?.memoryWorkingSetBytes ?? total.workingSetBytes,
        now,
      ),
    ),
    gauge(
      "pod_swap_usage_bytes",
      "Current amount of the pod swap usage in bytes. Reported only on non-windows systems",
      ofPods(pods, ({ usage: own }) => own?.group?.memorySwapBytes, now),
    ),
    gauge("resource_scrape_error", "1 if there was an error while getting container metrics, 0 otherwise", [
      { labels: {}, value: 0 },
    ]),
  ]
}

function containerMetrics(pods: readonly PodStats[]): TimedMetric[] {
  const samples = (of: (container: PodStats["containers"][number]) => Omit<Sample, "labels"> | undefined) =>
    pods.flatMap(({ namespace, name: pod, containers }) =>
      containers.flatMap((container) => {
        const sample = of(container)
        return sample ? [{ ...sample, labels: { container: container.name, namespace, pod } }] : []
      }),
    )
  return [
    counter(
      "container_cpu_usage_seconds_total",
      "Cumulative cpu time consumed by the container in core-seconds",
      samples(
        ({ stats: { cpu } }) => cpu && { value: cpu.usageCoreNanoSeconds / 1e9, atMs: cpu.timestamp / 1e6 },
      ),
    ),
    gauge(
      "container_memory_working_set_bytes",
      "Current working set of the container in bytes",
      samples(
        ({ stats: { memory } }) => memory && { value: memory.workingSetBytes, atMs: memory.timestamp / 1e6 },
      ),
    ),
    gauge(
      "container_start_time_seconds",
      "Start time of the container since unix epoch in seconds",
      samples(({ startedAtMs }) => ({ value: startedAtMs / 1000 })),
    ),
    gauge(
      "container_swap_usage_bytes",
      "Current amount of the container swap usage in bytes. Reported only on non-windows systems",
      samples(
        ({ usage, stats: { memory } }) =>
          usage && memory && { value: usage.memorySwapBytes, atMs: memory.timestamp / 1e6 },
      ),
    ),
  ]
}

function ofPods(
  pods: readonly PodStats[],
  of: (pod: PodStats) => number | undefined,
  atMs: number,
): Sample[] {
  return pods.flatMap((pod) => {
    const value = of(pod)
    return value === undefined ? [] : [{ labels: { namespace: pod.namespace, pod: pod.name }, value, atMs }]
  })
}

const counter = (name: string, help: string, samples: readonly Sample[]) =>
  timedCounter(name, `[STABLE] ${help}`, samples)

const gauge = (name: string, help: string, samples: readonly Sample[]) =>
  timedGauge(name, `[STABLE] ${help}`, samples)
