import type { RuntimeService } from "../../container-runtime/cri.ts"
import { containerNameLabel, podUidLabel } from "../containers/runtime-labels.ts"
import type { NodeHost } from "../node-host.ts"
import type { PodState } from "../pods/pod-state.ts"
import type { LocalData } from "./disk-layout.ts"
import type { ContainerStorage, LocalStorageUsage } from "./exceeded-storage.ts"
import type { ScarceResource } from "./node-pressure.ts"
import type { PodUsage } from "./rank-pods.ts"

export interface MeasuredPod {
  readonly state: PodState
  readonly usage: LocalStorageUsage
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

  /** Of disks, `data` is what counts. */
  async measure(
    resource: ScarceResource,
    pods: readonly PodState[],
    data: readonly LocalData[],
  ): Promise<PodUsage[]> {
    if (resource === "pids") return Promise.all(pods.map((state) => this.#processes(state)))
    const measured = await this.#containers()
    return Promise.all(
      pods.map(async (state): Promise<PodUsage> => {
        const containers = measured.get(state.pod.metadata.uid)
        if (!containers) return { pod: state.pod, used: undefined, containers: [] }
        if (resource === "memory") return memoryUsage(state, containers)
        return diskUsage(resource, state, await this.#onDisk(state, containers), data)
      }),
    )
  }

  async disk(pods: readonly PodState[]): Promise<MeasuredPod[]> {
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
    return { pod, used: usage?.group?.processes, containers: [] }
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

  async #onDisk({ pod, runtime }: PodState, measured: readonly Measured[]): Promise<LocalStorageUsage> {
    const { logs, volumes } = this.#host
    const withLogs = measured.map(async ({ name, diskBytes, inodes }): Promise<ContainerStorage> => {
      const own = runtime.containers.filter((each) => each.name === name && each.logPath)
      const sizes = await Promise.all(own.map(({ logPath }) => logs.size(logPath)))
      const layer = { bytes: diskBytes, inodes }
      return { name, layer, logs: { bytes: sum(sizes), inodes: own.length } }
    })
    return { containers: await Promise.all(withLogs), volumes: await volumes.usage(pod.metadata.uid) }
  }
}

function memoryUsage({ pod }: PodState, measured: readonly Measured[]): PodUsage {
  const containers = measured.map(({ name, memoryBytes }) => ({ name, bytes: memoryBytes }))
  return { pod, used: sum(containers.map(({ bytes }) => bytes)), containers }
}

/** Volumes count that are on the node's own disk. Containers are named with all that they use, on whatever disk. */
function diskUsage(
  resource: "ephemeral-storage" | "inodes",
  { pod }: Pick<PodState, "pod">,
  { containers, volumes }: LocalStorageUsage,
  data: readonly LocalData[],
): PodUsage {
  const unit = resource === "inodes" ? "inodes" : "bytes"
  const spaces = volumes.filter(({ isLocal }) => isLocal).map(({ space }) => space)
  const amounts: Readonly<Record<LocalData, readonly number[]>> = {
    layers: containers.map(({ layer }) => layer[unit]),
    logs: containers.map(({ logs }) => logs[unit]),
    volumes: spaces.map(({ usedBytes, inodesUsed = 0 }) => (unit === "inodes" ? inodesUsed : usedBytes)),
  }
  return {
    pod,
    used: sum(data.flatMap((kind) => amounts[kind])),
    containers: containers.map(({ name, layer, logs }) => ({ name, bytes: layer.bytes + logs.bytes })),
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
