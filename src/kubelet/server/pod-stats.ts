import type { ContainerStats } from "../../container-runtime/cri.ts"
import {
  containerNameLabel,
  podNameLabel,
  podNamespaceLabel,
  podUidLabel,
} from "../containers/runtime-labels.ts"
import type { Kubelet } from "../kubelet.ts"
import type { RuntimeContainer } from "../pods/runtime-pod.ts"

export interface PodStats {
  readonly name: string
  readonly namespace: string
  readonly uid: string
  readonly startedAtMs: number
  readonly containers: readonly {
    readonly name: string
    readonly startedAtMs: number
    readonly stats: ContainerStats
  }[]
}

/** What the runtime tells of the containers that run, by pod. */
export async function collectPodStats(kubelet: Kubelet): Promise<PodStats[]> {
  const running = new Map<string, RuntimeContainer>()
  for (const { state } of kubelet.workers.list())
    for (const container of state.runtime.containers)
      if (container.state === "running") running.set(container.id, container)
  const pods = new Map<string, PodStats & { containers: PodStats["containers"][number][] }>()
  for (const stats of await kubelet.services.runtime.listContainerStats()) {
    const container = running.get(stats.id)
    const uid = stats.labels[podUidLabel]
    if (!container || !uid) continue
    const pod = pods.get(uid) ?? {
      name: stats.labels[podNameLabel] ?? "",
      namespace: stats.labels[podNamespaceLabel] ?? "",
      uid,
      startedAtMs: container.startedAtMs,
      containers: [],
    }
    pods.set(uid, pod)
    const name = stats.labels[containerNameLabel] ?? stats.metadata.name
    pod.containers.push({ name, startedAtMs: container.startedAtMs, stats })
  }
  return [...pods.values()].sort((a, b) => (a.namespace + a.name < b.namespace + b.name ? -1 : 1))
}
