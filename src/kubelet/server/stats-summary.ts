import { formatTime } from "../../apimachinery/time.ts"
import type { Kubelet } from "../kubelet.ts"
import type { FilesystemSpace, GroupUsage, InterfaceUsage, NodeUsage, VolumeUsage } from "../node-host.ts"
import { type ContainerUsage, collectPodStats, type PodStats } from "./pod-stats.ts"

/**
 * GET /stats/summary (https://pkg.go.dev/k8s.io/kubelet/pkg/apis/stats/v1alpha1#Summary).
 *
 * @param briefly cpu and memory only, as metrics-server asked before there was `/metrics/resource`
 */
export async function statsSummary(kubelet: Kubelet, briefly: boolean): Promise<object> {
  const { services } = kubelet
  const { volumes, logs } = services.host
  const now = services.clock.now()
  const [usage, pods] = await Promise.all([services.host.usage(), collectPodStats(kubelet)])
  const time = formatTime(now)
  const summary = {
    node: { nodeName: services.nodeName, ...nodeSummary(usage, time) },
    pods: await Promise.all(
      pods.map(async (pod) => {
        const ofPod = briefly ? [] : await volumes.usage(pod.uid)
        const sizes = pod.containers.map(({ logPath }) =>
          logPath && !briefly ? logs.size(logPath) : Promise.resolve(0),
        )
        const disks = { space: usage.filesystem, layerSpace: usage.imageFilesystem ?? usage.filesystem }
        return podSummary(pod, { ...disks, volumes: ofPod, logBytes: await Promise.all(sizes) }, time)
      }),
    ),
  }
  return briefly ? { node: brief(summary.node), pods: summary.pods.map(brief) } : summary
}

function brief(whole: object): object {
  const kept = ["nodeName", "podRef", "startTime", "name", "cpu", "memory"]
  const { containers } = whole as { containers?: readonly object[] }
  return {
    ...Object.fromEntries(Object.entries(whole).filter(([field]) => kept.includes(field))),
    ...(containers && { containers: containers.map(brief) }),
  }
}

function nodeSummary(usage: NodeUsage, time: string): object {
  return {
    startTime: formatTime(usage.bootedAtMs),
    cpu: { time, usageCoreNanoSeconds: usage.cpuCoreNanoSeconds },
    memory: {
      time,
      availableBytes: usage.memoryAvailableBytes,
      usageBytes: usage.memoryUsageBytes,
      workingSetBytes: usage.memoryWorkingSetBytes,
      rssBytes: usage.memoryRssBytes,
    },
    ...networkSummary(usage.network, time),
    fs: filesystem(usage.filesystem, time),
    runtime: {
      imageFs: filesystem(usage.imageFilesystem ?? usage.filesystem, time),
      containerFs: filesystem(usage.imageFilesystem ?? usage.filesystem, time),
    },
    rlimit: { time, maxpid: usage.processes.max, curproc: usage.processes.running },
  }
}

/** The first interface is the one that the figures at the top are of. */
function networkSummary(network: readonly InterfaceUsage[], time: string): object {
  const interfaces = network.map(({ name, receivedBytes, receiveErrors, sentBytes, sendErrors }) => ({
    name,
    rxBytes: receivedBytes,
    rxErrors: receiveErrors,
    txBytes: sentBytes,
    txErrors: sendErrors,
  }))
  const primary = interfaces.find(({ name }) => name === "eth0") ?? interfaces[0]
  return primary ? { network: { time, ...primary, interfaces } } : {}
}

function filesystem(space: FilesystemSpace, time: string): object {
  return {
    time,
    availableBytes: space.availableBytes,
    capacityBytes: space.capacityBytes,
    usedBytes: space.usedBytes,
    inodesFree: space.inodesFree,
    inodes: space.inodes,
    inodesUsed: space.inodesUsed ?? space.inodes - space.inodesFree,
  }
}

/** What a pod has on disks. */
interface PodOnDisk {
  readonly volumes: readonly VolumeUsage[]
  /** Where its volumes and logs lie. */
  readonly space: FilesystemSpace
  /** Where its containers' layers lie. */
  readonly layerSpace: FilesystemSpace
  /** By container. */
  readonly logBytes: readonly number[]
}

function podSummary(pod: PodStats, onDisks: PodOnDisk, time: string): object {
  const { volumes, space, logBytes } = onDisks
  const { usage, total } = pod
  const sum = (of: (container: ContainerUsage) => number | undefined) =>
    pod.containers.reduce((all, container) => all + (of(container) ?? 0), 0)
  // Whatever lies on the node's own disk: what containers wrote, and volumes that have no file system of their own.
  const onDisk = volumes.filter(({ isLocal }) => isLocal)
  return {
    podRef: { name: pod.name, namespace: pod.namespace, uid: pod.uid },
    startTime: formatTime(pod.startedAtMs),
    containers: pod.containers.map((container, index) =>
      containerSummary(container, { ...onDisks, logBytes: logBytes[index]! }, time),
    ),
    cpu: {
      time,
      usageNanoCores: sum(({ stats }) => stats.cpu?.usageNanoCores),
      usageCoreNanoSeconds: usage?.group?.cpuNanoSeconds ?? total.cpuNanoSeconds,
    },
    memory: {
      time,
      ...(usage?.group
        ? memorySummary(usage.group)
        : {
            usageBytes: sum(({ stats }) => stats.memory?.usageBytes),
            workingSetBytes: total.workingSetBytes,
            rssBytes: sum(({ stats }) => stats.memory?.rssBytes),
          }),
    },
    ...networkSummary(usage?.network ?? [], time),
    ...(volumes.length > 0 && {
      volume: volumes.map(({ name, space: own, claim }) => ({
        ...filesystem(own, time),
        name,
        ...(claim !== undefined && { pvcRef: { name: claim, namespace: pod.namespace } }),
      })),
    }),
    "ephemeral-storage": {
      ...filesystem(space, time),
      usedBytes:
        sum(({ stats }) => stats.writableLayer?.usedBytes) +
        logBytes.reduce((all, bytes) => all + bytes, 0) +
        onDisk.reduce((all, { space: { usedBytes } }) => all + usedBytes, 0),
      inodesUsed:
        sum(({ stats }) => stats.writableLayer?.inodesUsed) +
        logBytes.length +
        onDisk.reduce((all, { space: { inodesUsed = 0 } }) => all + inodesUsed, 0),
    },
    ...(usage?.group && {
      process_stats: { process_count: usage.group.processes },
      swap: { time, swapUsageBytes: usage.group.memorySwapBytes },
    }),
  }
}

function memorySummary(group: GroupUsage): object {
  return {
    usageBytes: group.memoryUsageBytes,
    workingSetBytes: group.memoryWorkingSetBytes,
    rssBytes: group.memoryRssBytes,
    pageFaults: group.pageFaults,
    majorPageFaults: group.majorPageFaults,
  }
}

function containerSummary(
  { name, startedAtMs, stats, usage }: ContainerUsage,
  { space, layerSpace, logBytes }: Omit<PodOnDisk, "logBytes"> & { readonly logBytes: number },
  time: string,
): object {
  const { cpu, memory, writableLayer } = stats
  return {
    name,
    startTime: formatTime(startedAtMs),
    ...(cpu && {
      cpu: {
        time: formatTime(cpu.timestamp / 1e6),
        usageNanoCores: cpu.usageNanoCores ?? 0,
        usageCoreNanoSeconds: cpu.usageCoreNanoSeconds,
      },
    }),
    ...(memory && {
      memory: {
        time: formatTime(memory.timestamp / 1e6),
        // Without a limit there is no such figure.
        ...(memory.availableBytes && { availableBytes: memory.availableBytes }),
        usageBytes: memory.usageBytes ?? 0,
        workingSetBytes: memory.workingSetBytes,
        rssBytes: memory.rssBytes ?? 0,
        pageFaults: memory.pageFaults ?? usage?.pageFaults ?? 0,
        majorPageFaults: memory.majorPageFaults ?? usage?.majorPageFaults ?? 0,
      },
    }),
    rootfs: {
      ...filesystem(layerSpace, time),
      usedBytes: writableLayer?.usedBytes ?? 0,
      inodesUsed: writableLayer?.inodesUsed ?? 0,
    },
    logs: { ...filesystem(space, time), usedBytes: logBytes, inodesUsed: 1 },
    ...(usage && { swap: { time, swapUsageBytes: usage.memorySwapBytes } }),
  }
}
