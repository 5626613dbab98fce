import { formatTime } from "../../apimachinery/time.ts"
import type { ContainerStats } from "../../container-runtime/cri.ts"
import type { Kubelet } from "../kubelet.ts"
import type { FilesystemSpace } from "../node-host.ts"
import { collectPodStats, type PodStats } from "./pod-stats.ts"

/** GET /stats/summary (https://pkg.go.dev/k8s.io/kubelet/pkg/apis/stats/v1alpha1#Summary). */
export async function statsSummary(kubelet: Kubelet): Promise<object> {
  const { services } = kubelet
  const now = services.clock.now()
  const [usage, pods] = await Promise.all([services.host.usage(), collectPodStats(kubelet)])
  const time = formatTime(now)
  return {
    node: {
      nodeName: services.nodeName,
      startTime: formatTime(usage.bootedAtMs),
      cpu: { time, usageCoreNanoSeconds: usage.cpuCoreNanoSeconds },
      memory: {
        time,
        availableBytes: usage.memoryAvailableBytes,
        usageBytes: usage.memoryUsageBytes,
        workingSetBytes: usage.memoryWorkingSetBytes,
        rssBytes: usage.memoryRssBytes,
      },
      ...(usage.network.length > 0 && {
        network: {
          time,
          name: usage.network[0]!.name,
          interfaces: usage.network.map(({ name, receivedBytes, receiveErrors, sentBytes, sendErrors }) => ({
            name,
            rxBytes: receivedBytes,
            rxErrors: receiveErrors,
            txBytes: sentBytes,
            txErrors: sendErrors,
          })),
        },
      }),
      fs: filesystem(usage.filesystem, time),
      runtime: {
        imageFs: filesystem(usage.filesystem, time),
        containerFs: filesystem(usage.filesystem, time),
      },
      rlimit: { time, maxpid: usage.processes.max, curproc: usage.processes.running },
    },
    pods: pods.map((pod) => podSummary(pod, usage.filesystem, time)),
  }
}

function filesystem(space: FilesystemSpace, time: string): object {
  return {
    time,
    availableBytes: space.availableBytes,
    capacityBytes: space.capacityBytes,
    usedBytes: space.usedBytes,
    inodesFree: space.inodesFree,
    inodes: space.inodes,
    inodesUsed: space.inodes - space.inodesFree,
  }
}

function podSummary(pod: PodStats, space: FilesystemSpace, time: string): object {
  const sum = (of: (stats: ContainerStats) => number | undefined) =>
    pod.containers.reduce((total, { stats }) => total + (of(stats) ?? 0), 0)
  return {
    podRef: { name: pod.name, namespace: pod.namespace, uid: pod.uid },
    startTime: formatTime(pod.startedAtMs),
    containers: pod.containers.map(({ name, startedAtMs, stats }) => ({
      name,
      startTime: formatTime(startedAtMs),
      ...containerUsage(stats),
      rootfs: {
        ...filesystem(space, time),
        usedBytes: stats.writableLayer?.usedBytes ?? 0,
        inodesUsed: stats.writableLayer?.inodesUsed ?? 0,
      },
    })),
    cpu: {
      time,
      usageNanoCores: sum(({ cpu }) => cpu?.usageNanoCores),
      usageCoreNanoSeconds: sum(({ cpu }) => cpu?.usageCoreNanoSeconds),
    },
    memory: {
      time,
      usageBytes: sum(({ memory }) => memory?.usageBytes),
      workingSetBytes: sum(({ memory }) => memory?.workingSetBytes),
      rssBytes: sum(({ memory }) => memory?.rssBytes),
    },
    "ephemeral-storage": {
      ...filesystem(space, time),
      usedBytes: sum(({ writableLayer }) => writableLayer?.usedBytes),
      inodesUsed: sum(({ writableLayer }) => writableLayer?.inodesUsed),
    },
  }
}

function containerUsage({ cpu, memory }: ContainerStats): object {
  return {
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
        availableBytes: memory.availableBytes ?? 0,
        usageBytes: memory.usageBytes ?? 0,
        workingSetBytes: memory.workingSetBytes,
        rssBytes: memory.rssBytes ?? 0,
        pageFaults: memory.pageFaults ?? 0,
        majorPageFaults: memory.majorPageFaults ?? 0,
      },
    }),
  }
}
