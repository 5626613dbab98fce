import type { Pod } from "../../../api/core/v1/pod.ts"
import type { Kubelet } from "../../kubelet.ts"
import type { FilesystemSpace } from "../../node-host.ts"
import { type TimedMetric, timedGauge } from "./metric-text.ts"

/** How full claims are: what alerts about volumes look for. */
export async function volumeMetrics({ workers, services }: Kubelet): Promise<TimedMetric[]> {
  const claims = new Map<string, { labels: Record<string, string>; space: FilesystemSpace }>()
  const look = async ({ metadata: { uid, namespace = "" } }: Pod) => {
    // Several pods may share one.
    for (const { claim, space } of await services.host.volumes.usage(uid))
      if (claim)
        claims.set(`${namespace}/${claim}`, { labels: { namespace, persistentvolumeclaim: claim }, space })
  }
  const pods = workers.list().map(({ state }) => state.pod)
  await Promise.all(pods.filter(hasClaim).map(look))
  const metric = (name: string, help: string, of: (space: FilesystemSpace) => number) =>
    timedGauge(
      `kubelet_volume_stats_${name}`,
      `[ALPHA] ${help}`,
      [...claims.values()].map(({ labels, space }) => ({ labels, value: of(space) })),
    )
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

function hasClaim({ spec }: Pod): boolean {
  return (spec.volumes ?? []).some(
    ({ persistentVolumeClaim, ephemeral }) => persistentVolumeClaim ?? ephemeral,
  )
}
