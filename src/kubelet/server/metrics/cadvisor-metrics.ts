import { quantityMilliValue, quantityValue } from "../../../apimachinery/quantity.ts"
import { findPodContainer } from "../../pods/pod-containers.ts"
import { cpuQuota, cpuShares } from "../../containers/linux-resources.ts"
import type { Kubelet } from "../../kubelet.ts"
import type { GroupUsage, InterfaceUsage } from "../../node-host.ts"
import { collectPodStats, type PodStats } from "../pod-stats.ts"
import { type Sample, timedCounter as counter, type TimedMetric, timedGauge as gauge } from "./metric-text.ts"

/**
 * The names and labels under which cAdvisor tells of control groups, for dashboards and rules that look for them: of each
 * pod its own group, its sandbox (that is where the network is) and its containers; of the machine the root.
 */
export async function cadvisorMetrics(kubelet: Kubelet): Promise<TimedMetric[]> {
  const { host, machine, clock } = kubelet.services
  const [pods, node] = await Promise.all([collectPodStats(kubelet), host.usage()])
  const atMs = clock.now()
  const groups = [
    {
      labels: labelsOf({ id: "/" }),
      usage: {
        cpuNanoSeconds: node.cpuCoreNanoSeconds,
        memoryUsageBytes: node.memoryUsageBytes,
        memoryWorkingSetBytes: node.memoryWorkingSetBytes,
        memoryRssBytes: node.memoryRssBytes,
      },
    },
    ...pods.flatMap(groupsOf),
  ]
  const { container: _, ...rootLabels } = labelsOf({ id: "/" })
  const networks = [{ labels: rootLabels, network: node.network }, ...pods.map(networkOf)]
  return [
    ...groupMetrics(groups, atMs),
    ...networkMetrics(networks, atMs),
    ...containerMetrics(kubelet, pods, atMs),
    gauge("machine_cpu_cores", "Number of logical CPU cores.", [
      { labels: {}, value: quantityValue(machine.capacity["cpu"] ?? 0) },
    ]),
    gauge("machine_memory_bytes", "Amount of memory installed on the machine.", [
      { labels: {}, value: quantityValue(machine.capacity["memory"] ?? 0) },
    ]),
  ]
}

interface Group {
  readonly labels: Record<string, string>
  readonly usage: Partial<GroupUsage>
}

const emptyLabels = { container: "", id: "", image: "", name: "", namespace: "", pod: "" }

/** In one family all figures have the same labels, empty where there is nothing to say. */
function labelsOf(some: Partial<typeof emptyLabels>): Record<string, string> {
  return { ...emptyLabels, ...some }
}

function groupsOf(pod: PodStats): Group[] {
  const { name, namespace, usage, sandboxId } = pod
  const groups: Group[] = pod.containers.map((container) => ({
    labels: containerLabels(pod, container),
    // Where the kernel was not asked, what the runtime knows.
    usage: container.usage ?? {
      cpuNanoSeconds: container.stats.cpu?.usageCoreNanoSeconds ?? 0,
      memoryUsageBytes: container.stats.memory?.usageBytes ?? 0,
      memoryWorkingSetBytes: container.stats.memory?.workingSetBytes ?? 0,
      memoryRssBytes: container.stats.memory?.rssBytes ?? 0,
    },
  }))
  const sandbox = sandboxId && usage?.containers.get(sandboxId)
  if (sandbox) groups.unshift({ labels: sandboxLabels(pod), usage: sandbox })
  if (usage?.group)
    groups.unshift({ labels: labelsOf({ id: usage.path, pod: name, namespace }), usage: usage.group })
  return groups
}

function containerLabels(
  { name, namespace, usage }: PodStats,
  { name: container, image, stats }: PodStats["containers"][number],
): Record<string, string> {
  const id = usage ? `${usage.path}/${stats.id}` : stats.id
  return labelsOf({ container, id, image, name: stats.id, namespace, pod: name })
}

function sandboxLabels({ name, namespace, usage, sandboxId = "" }: PodStats): Record<string, string> {
  const id = `${usage?.path ?? ""}/${sandboxId}`
  return labelsOf({ id, image: "pause", name: sandboxId, namespace, pod: name })
}

function networkOf(pod: PodStats): { labels: Record<string, string>; network: readonly InterfaceUsage[] } {
  const { container: _, ...labels } = sandboxLabels(pod)
  return { labels, network: pod.usage?.network ?? [] }
}

function groupMetrics(groups: readonly Group[], atMs: number): TimedMetric[] {
  const samples = (of: keyof GroupUsage, factor = 1, more: Record<string, string> = {}): Sample[] =>
    groups.flatMap(({ labels, usage }) => {
      const value = usage[of]
      return value === undefined ? [] : [{ labels: { ...labels, ...more }, value: value * factor, atMs }]
    })
  const total = { cpu: "total" }
  return [
    counter(
      "container_cpu_usage_seconds_total",
      "Cumulative cpu time consumed in seconds.",
      samples("cpuNanoSeconds", 1e-9, total),
    ),
    counter(
      "container_cpu_user_seconds_total",
      "Cumulative user cpu time consumed in seconds.",
      samples("cpuUserNanoSeconds", 1e-9),
    ),
    counter(
      "container_cpu_system_seconds_total",
      "Cumulative system cpu time consumed in seconds.",
      samples("cpuSystemNanoSeconds", 1e-9),
    ),
    counter(
      "container_cpu_cfs_periods_total",
      "Number of elapsed enforcement period intervals.",
      samples("periods"),
    ),
    counter(
      "container_cpu_cfs_throttled_periods_total",
      "Number of throttled period intervals.",
      samples("throttledPeriods"),
    ),
    counter(
      "container_cpu_cfs_throttled_seconds_total",
      "Total time duration the container has been throttled.",
      samples("throttledNanoSeconds", 1e-9),
    ),
    gauge(
      "container_memory_usage_bytes",
      "Current memory usage in bytes, including all memory regardless of when it was accessed",
      samples("memoryUsageBytes"),
    ),
    gauge(
      "container_memory_working_set_bytes",
      "Current working set in bytes.",
      samples("memoryWorkingSetBytes"),
    ),
    gauge("container_memory_rss", "Size of RSS in bytes.", samples("memoryRssBytes")),
    gauge("container_memory_cache", "Number of bytes of page cache memory.", samples("memoryCacheBytes")),
    gauge("container_memory_swap", "Container swap usage in bytes.", samples("memorySwapBytes")),
    gauge(
      "container_memory_mapped_file",
      "Size of memory mapped files in bytes.",
      samples("memoryMappedBytes"),
    ),
    gauge(
      "container_memory_max_usage_bytes",
      "Maximum memory usage recorded in bytes",
      samples("memoryMaxBytes"),
    ),
    counter("container_memory_failcnt", "Number of memory usage hits limits", samples("memoryFailures")),
    counter("container_memory_failures_total", "Cumulative count of memory allocation failures.", [
      ...samples("pageFaults", 1, { failure_type: "pgfault", scope: "hierarchy" }),
      ...samples("majorPageFaults", 1, { failure_type: "pgmajfault", scope: "hierarchy" }),
    ]),
    gauge("container_processes", "Number of processes running inside the container.", samples("processes")),
    gauge(
      "container_last_seen",
      "Last time a container was seen by the exporter",
      groups.map(({ labels }) => ({ labels, value: Math.floor(atMs / 1000), atMs })),
    ),
  ]
}

function networkMetrics(
  networks: readonly { labels: Record<string, string>; network: readonly InterfaceUsage[] }[],
  atMs: number,
): TimedMetric[] {
  const metric = (name: string, help: string, of: (usage: InterfaceUsage) => number) =>
    counter(
      `container_network_${name}_total`,
      `Cumulative count of ${help}`,
      networks.flatMap(({ labels, network }) =>
        network.map((usage) => ({ labels: { ...labels, interface: usage.name }, value: of(usage), atMs })),
      ),
    )
  return [
    metric("receive_bytes", "bytes received", (usage) => usage.receivedBytes),
    metric("receive_packets", "packets received", (usage) => usage.receivedPackets),
    metric("receive_packets_dropped", "packets dropped while receiving", (usage) => usage.receiveDrops),
    metric("receive_errors", "errors encountered while receiving", (usage) => usage.receiveErrors),
    metric("transmit_bytes", "bytes transmitted", (usage) => usage.sentBytes),
    metric("transmit_packets", "packets transmitted", (usage) => usage.sentPackets),
    metric("transmit_packets_dropped", "packets dropped while transmitting", (usage) => usage.sendDrops),
    metric("transmit_errors", "errors encountered while transmitting", (usage) => usage.sendErrors),
  ]
}

/** What containers were given, and what they write. */
function containerMetrics(kubelet: Kubelet, pods: readonly PodStats[], atMs: number): TimedMetric[] {
  const samples = (
    of: (container: PodStats["containers"][number], spec: Given) => number | undefined,
    more: Record<string, string> = {},
  ): Sample[] =>
    pods.flatMap((pod) =>
      pod.containers.flatMap((container) => {
        const value = of(container, givenTo(kubelet, pod, container.name))
        return value === undefined
          ? []
          : [{ labels: { ...containerLabels(pod, container), ...more }, value, atMs }]
      }),
    )
  return [
    gauge(
      "container_fs_usage_bytes",
      "Number of bytes that are consumed by the container on this filesystem.",
      samples(({ stats }) => stats.writableLayer?.usedBytes, { device: "" }),
    ),
    gauge(
      "container_start_time_seconds",
      "Start time of the container since unix epoch in seconds.",
      samples(({ startedAtMs }) => startedAtMs / 1000),
    ),
    gauge(
      "container_spec_cpu_period",
      "CPU period of the container.",
      samples((_, { quota }) => (quota === undefined ? undefined : 100_000)),
    ),
    gauge(
      "container_spec_cpu_quota",
      "CPU quota of the container.",
      samples((_, { quota }) => quota),
    ),
    gauge(
      "container_spec_cpu_shares",
      "CPU share of the container.",
      samples((_, { shares }) => shares),
    ),
    gauge(
      "container_spec_memory_limit_bytes",
      "Memory limit for the container.",
      samples((_, { memoryBytes }) => memoryBytes),
    ),
  ]
}

interface Given {
  readonly shares: number
  readonly quota?: number
  readonly memoryBytes: number
}

function givenTo(kubelet: Kubelet, pod: PodStats, name: string): Given {
  const worker = kubelet.workers.find(pod.uid)
  const { requests, limits } = (worker && findPodContainer(worker.state.pod, name)?.spec.resources) ?? {}
  const cpu = requests?.["cpu"] ?? limits?.["cpu"]
  return {
    shares: cpuShares(cpu === undefined ? 0 : quantityMilliValue(cpu)),
    ...(limits?.["cpu"] !== undefined && { quota: cpuQuota(quantityMilliValue(limits["cpu"])) }),
    memoryBytes: limits?.["memory"] === undefined ? 0 : quantityValue(limits["memory"]),
  }
}
