import { messageOf } from "../../../base/message-of.ts"
import { readdir, rm } from "node:fs/promises"
import { join } from "node:path"
import { quantityValue } from "../../../apimachinery/quantity.ts"
import type { Container } from "../../../api/core/v1/container.ts"
import type { ResourceStatus } from "../../../api/core/v1/container-status.ts"
import type { Pod } from "../../../api/core/v1/pod.ts"
import { isExtendedResource } from "../../../api/core/validation/resources.ts"
import type { Clock } from "../../../base/clock.ts"
import { GrpcError } from "../../../base/grpc-error.ts"
import type { Logger } from "../../../base/log.ts"
import { type GrpcServer, serveGrpc, unaryMethod } from "../../../base/real/grpc/serve-grpc.ts"
import { planDevices } from "../../devices/plan-allocation.ts"
import { deviceHints, nearestFirst, type PlacedDevice } from "../../devices/device-hints.ts"
import {
  AdmissionError,
  type ContainerDevices,
  type DeviceCapacity,
  type PodDevices,
} from "../../node-host.ts"
import { inOrder, isPassing, podDemand } from "../../resource-managers/container-demand.ts"
import type { CpuSet } from "../../resource-managers/cpu-set.ts"
import type { PlacedDevices } from "../../resource-managers/resource-managers.ts"
import type { HintsByResource } from "../../resource-managers/topology/topology-hint.ts"
import { type DeviceEntry, readDeviceCheckpoint, writeDeviceCheckpoint } from "./device-checkpoint.ts"
import type { Device, RegisterRequest } from "./device-messages.ts"
import * as wire from "./device-messages.ts"
import { DevicePlugin } from "./device-plugin.ts"

export interface DeviceManagerOptions {
  /** Where the kubelet listens for plugins, and they for it. */
  readonly directory: string
  readonly clock: Clock
  readonly log: Logger
  /** What the node has is something else now. */
  readonly changed: () => void
  /** Those of the machine, for devices that are near to some of them. @default it does not matter where they are */
  readonly numaNodes?: readonly number[]
}

/** What is known of one resource. */
interface Resource {
  plugin?: DevicePlugin
  devices: readonly Device[]
  /** When its plugin ended; the resource is forgotten a while later. */
  endedAtMs?: number
}

const graceMs = 5 * 60_000

/**
 * Devices of the node that plugins look after: each registers at the kubelet's socket, says which devices it has, and is
 * asked what a container needs in order to use some of them.
 * https://kubernetes.io/docs/concepts/extend-kubernetes/compute-storage-net/device-plugins/
 */
export class DeviceManager implements PodDevices, PlacedDevices {
  readonly #options: DeviceManagerOptions
  readonly #resources = new Map<string, Resource>()
  readonly #gone = new Set<string>()
  #entries: DeviceEntry[] = []
  #allocating: Promise<unknown> = Promise.resolve()
  #server: GrpcServer | undefined
  #problem: string | undefined

  constructor(options: DeviceManagerOptions) {
    this.#options = options
  }

  /** Plugins notice that the socket is made anew, and register again. */
  async start(): Promise<void> {
    const { directory, log, clock } = this.#options
    const { entries, resources } = await readDeviceCheckpoint(directory, log)
    this.#entries = [...entries]
    for (const name of resources) this.#resources.set(name, { devices: [], endedAtMs: clock.now() })
    for (const entry of await readdir(directory, { withFileTypes: true }).catch(() => []))
      if (entry.isSocket()) await rm(join(directory, entry.name), { force: true })
    const register = unaryMethod(wire.RegisterRequest, wire.Nothing, (request: RegisterRequest) =>
      this.#register(request),
    )
    this.#server = await serveGrpc(join(directory, "kubelet.sock"), {
      [`${wire.registrationService}/Register`]: register,
    }).catch((error: unknown) => {
      // A path can be too long for a socket: a node is of use without plugins too.
      log.warn("device plugins cannot register", { directory, error })
      this.#problem = `device registration error: device plugin registration gRPC server failed: ${messageOf(error)}`
      return undefined
    })
  }

  async close(): Promise<void> {
    for (const { plugin } of this.#resources.values()) plugin?.close()
    await this.#server?.close()
  }

  async #register({ version, endpoint, resourceName, options }: RegisterRequest): Promise<object> {
    const { directory, clock, log, changed } = this.#options
    if (version !== wire.apiVersion)
      throw new GrpcError(
        "Unknown",
        `requested API version "${version}" is not supported by kubelet. Supported version is ["${wire.apiVersion}"]`,
      )
    if (!isExtendedResource(resourceName))
      throw new GrpcError("Unknown", `the ResourceName "${resourceName}" is invalid`)
    const resource: Resource = this.#resources.get(resourceName) ?? { devices: [] }
    this.#resources.set(resourceName, resource)
    resource.plugin?.close()
    this.#gone.delete(resourceName)
    const plugin = await DevicePlugin.connect({
      resource: resourceName,
      socketPath: join(directory, endpoint),
      options: options ?? { preStartRequired: false, getPreferredAllocationAvailable: false },
      clock,
      log,
      listed: (devices) => {
        resource.devices = devices
        changed()
      },
      ended: () => {
        if (resource.plugin !== plugin) return
        delete resource.plugin
        resource.endedAtMs = clock.now()
        changed()
        clock.after(graceMs, changed)
      },
    })
    resource.plugin = plugin
    delete resource.endedAtMs
    await this.#write()
    return {}
  }

  problem(): string | undefined {
    return this.#problem
  }

  capacity(): DeviceCapacity {
    const { clock } = this.#options
    const capacity: Record<string, string> = {}
    const allocatable: Record<string, string> = {}
    for (const [name, { devices, plugin, endedAtMs }] of this.#resources) {
      if (endedAtMs !== undefined && clock.now() - endedAtMs >= graceMs) {
        this.#resources.delete(name)
        this.#gone.add(name)
        continue
      }
      capacity[name] = String(devices.length)
      allocatable[name] = String(plugin ? devices.filter(isHealthy).length : 0)
    }
    // Nobody can take a resource back from the API: it stays there as none.
    for (const name of this.#gone) capacity[name] = allocatable[name] = "0"
    return { capacity, allocatable }
  }

  hints(pod: Pod, container: Container): HintsByResource {
    const before = inOrder(pod).slice(0, inOrder(pod).indexOf(container))
    const wanted = Object.entries(this.#demandOf(container))
    return Object.fromEntries(
      wanted.map(([resource, count]) => {
        const given = this.#entry(pod.metadata.uid, container.name, resource)?.ids
        const reusable = new Set<string>()
        for (const each of before) {
          const ids = this.#entry(pod.metadata.uid, each.name, resource)?.ids ?? []
          for (const id of ids) {
            if (isPassing(pod, each)) reusable.add(id)
            else reusable.delete(id)
          }
        }
        return [resource, this.#hintsOf(resource, { count, given, reusable: [...reusable] })]
      }),
    )
  }

  podHints(pod: Pod): HintsByResource {
    const demand = podDemand(pod, (container) => this.#demandOf(container))
    return Object.fromEntries(
      Object.entries(demand).map(([resource, count]) => {
        const own = this.#entries.filter(
          (entry) => entry.podUid === pod.metadata.uid && entry.resource === resource,
        )
        const given = own.length > 0 ? [...new Set(own.flatMap(({ ids }) => ids))] : undefined
        return [resource, this.#hintsOf(resource, { count, given, reusable: [] })]
      }),
    )
  }

  #demandOf({ resources }: Container): Record<string, number> {
    const known = Object.entries(resources?.limits ?? {}).filter(([name]) => this.#resources.has(name))
    return Object.fromEntries(known.map(([name, quantity]) => [name, quantityValue(quantity)]))
  }

  #hintsOf(resource: string, demand: Parameters<typeof deviceHints>[2]): ReturnType<typeof deviceHints> {
    const { healthy, taken } = this.#supply(resource)!
    const placed = this.#placed(resource).filter(({ id }) => healthy.has(id))
    const available = placed.filter(({ id }) => !taken.has(id))
    return deviceHints(placed, available, demand, this.#options.numaNodes ?? [])
  }

  #placed(resource: string): PlacedDevice[] {
    const { devices = [] } = this.#resources.get(resource) ?? {}
    return devices.map(({ id, topology }) => ({
      id,
      nodes: new Set(topology?.nodes.map((node) => node.id)),
    }))
  }

  /** One pod after the other: two must not be given the same device. */
  allocate(
    pod: Pod,
    isRunning: boolean,
    affinityOf: (container: Container) => CpuSet | undefined = () => undefined,
  ): Promise<void> {
    const turn = this.#allocating.then(() => this.#allocate(pod, isRunning, affinityOf))
    this.#allocating = turn.catch(() => {})
    return turn
  }

  async #allocate(
    pod: Pod,
    isRunning: boolean,
    affinityOf: (container: Container) => CpuSet | undefined,
  ): Promise<void> {
    const reusable = new Map<string, string[]>()
    const { initContainers = [], containers } = pod.spec
    try {
      for (const container of [...initContainers, ...containers]) {
        const entries = await this.#allocateContainer(pod, container, {
          reusable,
          isRunning,
          affinity: affinityOf(container),
        })
        const isInit = initContainers.includes(container) && container.restartPolicy !== "Always"
        for (const { resource, ids } of entries) {
          const others = (reusable.get(resource) ?? []).filter((id) => !ids.includes(id))
          // What an init container had, containers that come after it can have.
          reusable.set(resource, isInit ? [...others, ...ids] : others)
        }
      }
    } catch (error) {
      this.#entries = this.#entries.filter(({ podUid }) => isRunning || podUid !== pod.metadata.uid)
      if (error instanceof AdmissionError) throw error
      throw new AdmissionError(
        "UnexpectedAdmissionError",
        `Pod was rejected: Allocate failed due to ${(error as Error).message}, which is unexpected`,
      )
    }
  }

  async #allocateContainer(
    pod: Pod,
    container: Container,
    {
      reusable,
      isRunning,
      affinity,
    }: {
      reusable: ReadonlyMap<string, readonly string[]>
      isRunning: boolean
      affinity: CpuSet | undefined
    },
  ): Promise<readonly DeviceEntry[]> {
    const found: DeviceEntry[] = []
    for (const [resource, quantity] of Object.entries(container.resources?.limits ?? {})) {
      const known = this.#entry(pod.metadata.uid, container.name, resource)
      if (!this.#resources.has(resource) && !known) continue
      const count = quantityValue(quantity)
      if (count === 0) continue
      found.push(
        known && isRunning
          ? known
          : await this.#give(
              {
                podUid: pod.metadata.uid,
                container: container.name,
                resource,
                count,
                given: known?.ids,
                reusable: reusable.get(resource) ?? [],
              },
              affinity,
            ),
      )
    }
    return found
  }

  async #give(demand: Parameters<typeof planDevices>[0], affinity: CpuSet | undefined): Promise<DeviceEntry> {
    const { podUid, container, resource, count } = demand
    const plugin = this.#resources.get(resource)?.plugin
    const { required, available, missing } = planDevices(demand, this.#supply(resource))
    if (demand.given) return this.#entry(podUid, container, resource)!
    const { near, rest } = nearestFirst(available, this.#placed(resource), affinity)
    // Near ones are enough to choose from, or they are all taken and others beside them.
    const [fixed, open] = near.length > missing ? [[], near] : [near, rest]
    const mustInclude = [...required, ...fixed]
    const preferred =
      mustInclude.length < count && count < mustInclude.length + open.length
        ? await plugin!.prefer({ available: [...mustInclude, ...open], mustInclude, size: count })
        : []
    const chosen = [...fixed, ...preferred.filter((id) => open.includes(id)), ...open]
    const ids = [...required, ...[...new Set(chosen)].slice(0, missing)].sort()
    const allocation = await plugin!.allocate(ids)
    const entry = { podUid, container, resource, ids, allocation }
    this.#entries.push(entry)
    await this.#write()
    return entry
  }

  #supply(resource: string) {
    const known = this.#resources.get(resource)
    if (!known) return undefined
    const healthy = new Set(known.plugin ? known.devices.filter(isHealthy).map(({ id }) => id) : [])
    const taken = new Set(
      this.#entries.filter((entry) => entry.resource === resource).flatMap(({ ids }) => ids),
    )
    return { healthy, taken }
  }

  #entry(podUid: string, container: string, resource: string): DeviceEntry | undefined {
    return this.#entries.find(
      (entry) => entry.podUid === podUid && entry.container === container && entry.resource === resource,
    )
  }

  async prepareContainer(podUid: string, container: string): Promise<ContainerDevices> {
    const own = this.#entries.filter((entry) => entry.podUid === podUid && entry.container === container)
    for (const { resource, ids } of own) {
      const plugin = this.#resources.get(resource)?.plugin
      if (plugin?.preStartRequired) await plugin.preStart(ids)
    }
    const all = own.map(({ allocation }) => allocation)
    return {
      environment: Object.assign({}, ...all.map(({ envs }) => envs)) as Record<string, string>,
      annotations: Object.assign({}, ...all.map(({ annotations }) => annotations)) as Record<string, string>,
      mounts: all.flatMap(({ mounts }) =>
        mounts.map(({ containerPath, hostPath, readOnly }) => ({
          containerPath,
          hostPath,
          readonly: readOnly,
        })),
      ),
      devices: all.flatMap(({ devices }) => devices),
    }
  }

  health({ metadata }: Pod, container: Container): readonly ResourceStatus[] {
    const own = this.#entries.filter(
      ({ podUid, container: name }) => podUid === metadata.uid && name === container.name,
    )
    return own.map(({ resource, ids }) => {
      const known = this.#resources.get(resource)?.devices ?? []
      // Of a device that no plugin shows nothing bad is known.
      const isUnhealthy = (id: string) => known.some((device) => device.id === id && !isHealthy(device))
      const healthOf = (id: string) => (isUnhealthy(id) ? "Unhealthy" : "Healthy")
      return { name: resource, resources: ids.map((id) => ({ resourceID: id, health: healthOf(id) })) }
    })
  }

  async free(podUid: string): Promise<void> {
    const left = this.#entries.filter((entry) => entry.podUid !== podUid)
    if (left.length === this.#entries.length) return
    this.#entries = left
    await this.#write()
  }

  /** What is given to whom, for those who want to know. */
  allocations(): readonly DeviceEntry[] {
    return this.#entries
  }

  /** All devices that could be given, by resource. */
  devices(): ReadonlyMap<string, readonly Device[]> {
    return new Map([...this.#resources].map(([name, { devices }]) => [name, devices]))
  }

  #write(): Promise<void> {
    const data = { entries: this.#entries, resources: [...this.#resources.keys()] }
    return writeDeviceCheckpoint(this.#options.directory, data)
  }
}

function isHealthy({ health }: Device): boolean {
  return health === "Healthy"
}
