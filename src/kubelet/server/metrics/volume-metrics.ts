import type { FilesystemSpace } from "../../node-host.ts"
import type { PodStats } from "../pod-stats.ts"
import type { TimedMetric } from "./metric-text.ts"

/** How full claims are: what alerts about volumes look for. */
export function volumeMetrics(pods: readonly PodStats[]): TimedMetric[] {
  const claims = new Map<string, { labels: Record<string, string>; space: FilesystemSpace }>()
  // Several pods may share one.
  for (const { namespace, usage } of pods)
    for (const { claim, space } of usage?.volumes ?? [])
      if (claim)
        claims.set(`${namespace}/${claim}`, { labels: { namespace, persistentvolumeclaim: claim }, space })
  const metric = (name: string, help: string, of: (space: FilesystemSpace) => number): TimedMetric => ({
    name: `kubelet_volume_stats_${name}`,
    help: `[ALPHA] ${help}`,
    type: "gauge",
    samples: [...claims.values()].map(({ labels, space }) => ({ labels, value: of(space) })),
  })
  return [
    metric("available_bytes", "Number of available bytes in the volume", (space) => space.availableBytes),
    metric("capacity_bytes", "Capacity in bytes of the volume", (space) => space.capacityBytes),
    metric("inodes", "Maximum number of inodes in the volume", (space) => space.inodes),
    metric("inodes_free", "Number of free inodes in the volume", (space) => space.inodesFree),
    metric(
      "inodes_used",
      "Number of used inodes in the volume",
      (space) => space.inodesUsed ?? space.inodes - space.inodesFree,
    ),
    metric("used_bytes", "Number of used bytes in the volume", (space) => space.usedBytes),
  ]
}
