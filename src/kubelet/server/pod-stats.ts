import type { ContainerStats } from "../../container-runtime/cri.ts"
import { containerNameLabel, podUidLabel } from "../containers/runtime-labels.ts"
import type { Kubelet } from "../kubelet.ts"
import type { GroupUsage, PodUsage } from "../node-host.ts"
import type { PodState } from "../pods/pod-state.ts"
import { currentSandbox, type RuntimeContainer } from "../pods/runtime-pod.ts"

export interface PodStats {
  readonly name: string
  readonly namespace: string
  readonly uid: string
  readonly startedAtMs: number
  readonly sandboxId: string | undefined
  /** What the kernel tells of it; undefined where nobody counts. */
  readonly usage: PodUsage | undefined
  /** The sum of what the runtime tells of its containers. */
  readonly total: { readonly cpuNanoSeconds: number; readonly workingSetBytes: number }
  readonly containers: readonly ContainerUsage[]
}

export interface ContainerUsage {
  readonly name: string
  readonly image: string
  readonly startedAtMs: number
  readonly logPath: string
  readonly stats: ContainerStats
  readonly usage: GroupUsage | undefined
}

/** What runtime and kernel tell of the containers that run, by pod, in the order of their names. */
export async function collectPodStats(kubelet: Kubelet): Promise<PodStats[]> {
  const { runtime, host } = kubelet.services
  const byPod = new Map<string, ContainerStats[]>()
  for (const stats of await runtime.listContainerStats()) {
    const uid = stats.labels[podUidLabel] ?? ""
    byPod.set(uid, [...(byPod.get(uid) ?? []), stats])
  }
  const pods = await Promise.all(
    kubelet.workers.list().map(async ({ state }) => {
      const running = new Map(
        state.runtime.containers.filter((each) => each.state === "running").map((each) => [each.id, each]),
      )
      const stats = (byPod.get(state.pod.metadata.uid) ?? []).filter(({ id }) => running.has(id))
      if (stats.length === 0) return undefined
      const sandbox = currentSandbox(state.runtime)
      const ids = [...running.keys(), ...(sandbox ? [sandbox.id] : [])]
      return podStats(state, stats, running, await host.podUsage(state.pod, ids))
    }),
  )
  return pods
    .filter((pod) => pod !== undefined)
    .sort((a, b) => (a.namespace + a.name < b.namespace + b.name ? -1 : 1))
}

function podStats(
  { pod, runtime }: PodState,
  stats: readonly ContainerStats[],
  running: ReadonlyMap<string, RuntimeContainer>,
  usage: PodUsage | undefined,
): PodStats {
  const sandbox = currentSandbox(runtime)
  const sum = (of: (stats: ContainerStats) => number | undefined) =>
    stats.reduce((total, each) => total + (of(each) ?? 0), 0)
  return {
    name: pod.metadata.name,
    namespace: pod.metadata.namespace ?? "",
    uid: pod.metadata.uid,
    startedAtMs: sandbox?.createdAtMs ?? 0,
    sandboxId: sandbox?.id,
    usage,
    total: {
      cpuNanoSeconds: sum(({ cpu }) => cpu?.usageCoreNanoSeconds),
      workingSetBytes: sum(({ memory }) => memory?.workingSetBytes),
    },
    containers: stats.map((each) => {
      const container = running.get(each.id)!
      return {
        name: each.labels[containerNameLabel] ?? each.metadata.name,
        image: container.image,
        startedAtMs: container.startedAtMs,
        logPath: container.logPath,
        stats: each,
        usage: usage?.containers.get(each.id),
      }
    }),
  }
}
