import type { Kubelet } from "../kubelet.ts"
import type { PodState } from "../pods/pod-state.ts"
import { collectPodStats, type PodStats } from "./pod-stats.ts"

/** The text of one of the kubelet's metrics endpoints, in Prometheus' format. */
export async function renderMetrics(kubelet: Kubelet, path: string): Promise<string> {
  if (path === "/metrics/resource") return render(await resourceMetrics(kubelet))
  if (path === "/metrics/cadvisor") return render(cadvisorMetrics(await collectPodStats(kubelet)))
  if (path === "/metrics/probes") return ""
  return render(ownMetrics(kubelet))
}

interface Metric {
  readonly name: string
  readonly help: string
  readonly type: "counter" | "gauge"
  readonly samples: readonly Sample[]
}

interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  /** Milliseconds since the epoch. */
  readonly atMs?: number
}

function render(metrics: readonly Metric[]): string {
  return metrics
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, help, type, samples }) => {
      const lines = samples.map(({ labels, value, atMs }) => {
        const time = atMs === undefined ? "" : ` ${Math.round(atMs)}`
        return `${name}${formatLabels(labels)} ${value}${time}\n`
      })
      return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`
    })
    .join("")
}

function formatLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) =>
      `${name}="${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`,
  )
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`
}

/** What metrics-server and the like read: use of cpu and memory by node, pod and container. */
async function resourceMetrics(kubelet: Kubelet): Promise<Metric[]> {
  const [usage, pods] = await Promise.all([kubelet.services.host.usage(), collectPodStats(kubelet)])
  const now = kubelet.services.clock.now()
  const containers = pods.flatMap((pod) =>
    pod.containers.map((container) => ({
      ...container,
      labels: { container: container.name, namespace: pod.namespace, pod: pod.name },
    })),
  )
  const cpu = containers.flatMap(({ labels, stats }) =>
    stats.cpu
      ? [{ labels, value: stats.cpu.usageCoreNanoSeconds / 1e9, atMs: stats.cpu.timestamp / 1e6 }]
      : [],
  )
  const memory = containers.flatMap(({ labels, stats }) =>
    stats.memory ? [{ labels, value: stats.memory.workingSetBytes, atMs: stats.memory.timestamp / 1e6 }] : [],
  )
  return [
    {
      name: "container_cpu_usage_seconds_total",
      help: "[STABLE] Cumulative cpu time consumed by the container in core-seconds",
      type: "counter",
      samples: cpu,
    },
    {
      name: "container_memory_working_set_bytes",
      help: "[STABLE] Current working set of the container in bytes",
      type: "gauge",
      samples: memory,
    },
    {
      name: "container_start_time_seconds",
      help: "[STABLE] Start time of the container since unix epoch in seconds",
      type: "gauge",
      samples: containers.map(({ labels, startedAtMs }) => ({ labels, value: startedAtMs / 1000 })),
    },
    {
      name: "node_cpu_usage_seconds_total",
      help: "[STABLE] Cumulative cpu time consumed by the node in core-seconds",
      type: "counter",
      samples: [{ labels: {}, value: usage.cpuCoreNanoSeconds / 1e9, atMs: now }],
    },
    {
      name: "node_memory_working_set_bytes",
      help: "[STABLE] Current working set of the node in bytes",
      type: "gauge",
      samples: [{ labels: {}, value: usage.memoryWorkingSetBytes, atMs: now }],
    },
    {
      name: "pod_cpu_usage_seconds_total",
      help: "[STABLE] Cumulative cpu time consumed by the pod in core-seconds",
      type: "counter",
      samples: podSums(pods, ({ cpu: used }) => used && used.usageCoreNanoSeconds / 1e9, now),
    },
    {
      name: "pod_memory_working_set_bytes",
      help: "[STABLE] Current working set of the pod in bytes",
      type: "gauge",
      samples: podSums(pods, ({ memory: used }) => used?.workingSetBytes, now),
    },
    {
      name: "resource_scrape_error",
      help: "[STABLE] 1 if there was an error while getting container metrics, 0 otherwise",
      type: "gauge",
      samples: [{ labels: {}, value: 0 }],
    },
  ]
}

function podSums(
  pods: readonly PodStats[],
  of: (stats: PodStats["containers"][number]["stats"]) => number | undefined,
  atMs: number,
): Sample[] {
  return pods.map(({ name, namespace, containers }) => ({
    labels: { namespace, pod: name },
    value: containers.reduce((sum, { stats }) => sum + (of(stats) ?? 0), 0),
    atMs,
  }))
}

/** The names that dashboards made for cAdvisor look for. */
function cadvisorMetrics(pods: readonly PodStats[]): Metric[] {
  const samples = (of: (container: PodStats["containers"][number]) => number | undefined): Sample[] =>
    pods.flatMap((pod) =>
      pod.containers.flatMap((container) => {
        const value = of(container)
        const labels = {
          container: container.name,
          id: container.stats.id,
          namespace: pod.namespace,
          pod: pod.name,
        }
        return value === undefined ? [] : [{ labels, value }]
      }),
    )
  const counter = (name: string, help: string, of: Parameters<typeof samples>[0]): Metric => ({
    name,
    help,
    type: "counter",
    samples: samples(of),
  })
  const gauge = (name: string, help: string, of: Parameters<typeof samples>[0]): Metric => ({
    ...counter(name, help, of),
    type: "gauge",
  })
  return [
    counter(
      "container_cpu_usage_seconds_total",
      "Cumulative cpu time consumed in seconds.",
      ({ stats }) => stats.cpu && stats.cpu.usageCoreNanoSeconds / 1e9,
    ),
    gauge(
      "container_memory_usage_bytes",
      "Current memory usage in bytes, including all memory.",
      ({ stats }) => stats.memory?.usageBytes,
    ),
    gauge(
      "container_memory_working_set_bytes",
      "Current working set in bytes.",
      ({ stats }) => stats.memory?.workingSetBytes,
    ),
    gauge("container_memory_rss", "Size of RSS in bytes.", ({ stats }) => stats.memory?.rssBytes),
    gauge(
      "container_fs_usage_bytes",
      "Number of bytes that are consumed by the container on this filesystem.",
      ({ stats }) => stats.writableLayer?.usedBytes,
    ),
    gauge(
      "container_start_time_seconds",
      "Start time of the container since unix epoch in seconds.",
      ({ startedAtMs }) => startedAtMs / 1000,
    ),
  ]
}

function ownMetrics(kubelet: Kubelet): Metric[] {
  const states: PodState[] = kubelet.workers.list().map(({ state }) => state)
  const containerStates = new Map<string, number>()
  for (const { runtime } of states)
    for (const { state } of runtime.containers)
      containerStates.set(state, (containerStates.get(state) ?? 0) + 1)
  return [
    {
      name: "kubelet_node_name",
      help: "[ALPHA] The node's name. The count is always 1.",
      type: "gauge",
      samples: [{ labels: { node: kubelet.services.nodeName }, value: 1 }],
    },
    {
      name: "kubelet_running_pods",
      help: "[ALPHA] Number of pods that have a running pod sandbox",
      type: "gauge",
      samples: [
        {
          labels: {},
          value: states.filter(({ runtime }) => runtime.sandboxes.some(({ ready }) => ready)).length,
        },
      ],
    },
    {
      name: "kubelet_running_containers",
      help: "[ALPHA] Number of containers currently running",
      type: "gauge",
      samples: [...containerStates].map(([state, value]) => ({ labels: { container_state: state }, value })),
    },
    {
      name: "kubelet_desired_pods",
      help: "[ALPHA] The number of pods the kubelet is being instructed to run.",
      type: "gauge",
      samples: [
        { labels: { static: "" }, value: states.filter(({ stage }) => stage.kind === "syncing").length },
      ],
    },
  ]
}
