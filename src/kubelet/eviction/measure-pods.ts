import type { RuntimeService } from "../../container-runtime/cri.ts"
import { containerNameLabel, podUidLabel } from "../containers/runtime-labels.ts"
import type { NodeHost } from "../node-host.ts"
import type { PodState } from "../pods/pod-state.ts"
import type { LocalStorageUsage } from "./exceeded-storage.ts"
import type { ScarceResource } from "./node-pressure.ts"
import type { PodUsage } from "./rank-pods.ts"

export interface DiskUsage extends LocalStorageUsage {
  readonly containers: readonly { readonly name: string; readonly bytes: number; readonly inodes: number }[]
}

interface Measured {
  readonly name: string
  readonly memoryBytes: number
  readonly diskBytes: number
  readonly inodes: number
}

/** Measures what pods use of what a node can run short of. */
export class PodMeter {
  readonly #runtime: RuntimeService
  readonly #host: NodeHost

  constructor(runtime: RuntimeService, host: NodeHost) {
    this.#runtime = runtime
    this.#host = host
  }

  async measure(resource: ScarceResource, pods: readonly PodState[]): Promise<PodUsage[]> {
    if (resource === "pids") return Promise.all(pods.map((state) => this.#processes(state)))
    const measured = await this.#containers()
    const of = ({ pod }: PodState) => measured.get(pod.metadata.uid) ?? []
    if (resource === "memory") return pods.map((state) => memoryUsage(state, of(state)))
    return Promise.all(
      pods.map(async (state) => diskUsage(resource, state, await this.#onDisk(state, of(state)))),
    )
  }

  async disk(pods: readonly PodState[]): Promise<{ state: PodState; usage: DiskUsage }[]> {
    const measured = await this.#containers()
    return Promise.all(
      pods.map(async (state) => ({
        state,
        usage: await this.#onDisk(state, measured.get(state.pod.metadata.uid) ?? []),
      })),
    )
  }

  async #processes({ pod }: PodState): Promise<PodUsage> {
    const usage = await this.#host.podUsage(pod, [])
    return { pod, used: usage?.group?.processes ?? 0, containers: [] }
  }

  async #containers(): Promise<Map<string, Measured[]>> {
    const byPod = new Map<string, Measured[]>()
    for (const { labels, memory, writableLayer } of await this.#runtime.listContainerStats()) {
      const uid = labels[podUidLabel] ?? ""
      const measured = {
        name: labels[containerNameLabel] ?? "",
        memoryBytes: memory?.workingSetBytes ?? 0,
        diskBytes: writableLayer?.usedBytes ?? 0,
        inodes: writableLayer?.inodesUsed ?? 0,
      }
      byPod.set(uid, [...(byPod.get(uid) ?? []), measured])
    }
    return byPod
  }

  async #onDisk({ pod, runtime }: PodState, measured: readonly Measured[]): Promise<DiskUsage> {
    const { logs, volumes } = this.#host
    const withLogs = measured.map(async ({ name, diskBytes, inodes }) => {
      const own = runtime.containers.filter((each) => each.name === name && each.logPath)
      const sizes = await Promise.all(own.map(({ logPath }) => logs.size(logPath)))
      return { name, bytes: sizes.reduce((sum, size) => sum + size, diskBytes), inodes: inodes + own.length }
    })
    return { containers: await Promise.all(withLogs), volumes: await volumes.usage(pod.metadata.uid) }
  }
}

function memoryUsage({ pod }: PodState, measured: readonly Measured[]): PodUsage {
  const containers = measured.map(({ name, memoryBytes }) => ({ name, bytes: memoryBytes }))
  return { pod, used: sum(containers.map(({ bytes }) => bytes)), containers }
}

/** Volumes count that are on the node's own disk. */
function diskUsage(
  resource: "ephemeral-storage" | "inodes",
  { pod }: Pick<PodState, "pod">,
  { containers, volumes }: DiskUsage,
): PodUsage {
  const spaces = volumes.filter(({ isLocal }) => isLocal).map(({ space }) => space)
  const used =
    resource === "inodes"
      ? [...containers.map(({ inodes }) => inodes), ...spaces.map(({ inodesUsed = 0 }) => inodesUsed)]
      : [...containers.map(({ bytes }) => bytes), ...spaces.map(({ usedBytes }) => usedBytes)]
  return { pod, used: sum(used), containers }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
