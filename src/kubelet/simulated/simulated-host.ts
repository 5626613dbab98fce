import { orAborted } from "../../base/on-abort.ts"
import type { Clock, Timer } from "../../base/clock.ts"
import { quantityValue } from "../../apimachinery/quantity.ts"
import { ConfigMap } from "../../api/core/v1/config-map.ts"
import type { ResourceList } from "../../api/core/v1/resource-requirements.ts"
import { Secret } from "../../api/core/v1/secret.ts"
import { LogFilter } from "../logs/log-line.ts"
import { type NodeHost, type PodUsers, type Prober, VolumeError } from "../node-host.ts"
import type { NodeObjects } from "../objects/node-objects.ts"
import { defaultIdsPerPod, defaultSubordinateIds, IdRanges } from "../user-namespaces/id-ranges.ts"
import { volumeFiles } from "../volumes/volume-files.ts"

/** What a simulated runtime knows of a container beyond the CRI. */
export interface ContainerBehaviour {
  readonly readyAfterMs: number
  readonly unreadyAfterMs?: number
  readonly log: string
}

export interface SimulatedHostOptions {
  readonly nodeName: string
  readonly nodeIp: string
  readonly capacity: ResourceList
  readonly architecture: string
  readonly objects: NodeObjects
  readonly clock: Clock
  readonly findBehaviour: (containerId: string) => ContainerBehaviour | undefined
}

/** A machine that is not there. It checks what pods refer to, so that mistakes show as they would, and keeps nothing. */
export function createSimulatedHost(options: SimulatedHostOptions): NodeHost {
  const { objects, capacity, nodeIp, nodeName, architecture } = options
  return {
    volumes: {
      async mount(pod) {
        for (const volume of pod.spec.volumes ?? []) {
          await volumeFiles(pod, volume, {
            findConfigMap: (namespace, name) => objects.find(ConfigMap, { namespace, name }),
            findSecret: (namespace, name) => objects.find(Secret, { namespace, name }),
            token: async () => "",
            allocatable: capacity,
            addresses: { hostIps: [nodeIp], podIps: [] },
          }).catch((error: Error) => {
            throw new VolumeError(volume.name, error.message)
          })
        }
      },
      update() {},
      containerMounts: async () => [],
      containerDevices: () => [],
      // No program has run that could have written it, and none will read it.
      readVariable: async () => undefined,
      usage: async () => [],
      async unmount() {},
      listPods: async () => [],
    },
    cgroups: { ensure: async () => "", async update() {}, async remove() {}, listPods: async () => [] },
    files: {
      ensureLogDirectory: async () => "",
      containerMounts: async () => [],
      readTerminationMessage: async () => "",
      ensureCheckpointPath: async (name) => `/${name}`,
      listPods: async () => [],
      async remove() {},
    },
    users: createSimulatedUsers(quantityValue(capacity["pods"] ?? 0)),
    prober: createSimulatedProber(options),
    logs: {
      async *read({ containerId, ended }, { follow, ...filter }, signal) {
        const timestamp = new Date(options.clock.now()).toISOString()
        const text = new TextEncoder().encode(options.findBehaviour(containerId)?.log ?? "")
        const out = new LogFilter(filter).take({ timestamp, stream: "stdout", isPartial: false, text })
        if (out.length > 0) yield out
        if (follow) await orAborted(ended, signal)
      },
      tail: async ({ containerId }, maxLines) =>
        (options.findBehaviour(containerId)?.log ?? "").split("\n").slice(-maxLines).join("\n"),
      size: async () => 0,
      async rotate() {},
      async remove() {},
    },
    machine: async () => ({
      capacity,
      allocatable: capacity,
      addresses: [
        { type: "InternalIP", address: nodeIp },
        { type: "Hostname", address: nodeName },
      ],
      info: {
        architecture,
        bootID: "",
        kernelVersion: "simulated",
        machineID: nodeName,
        operatingSystem: "linux",
        osImage: "simulated node",
        systemUUID: "",
      },
      dns: { servers: [], searches: [], options: [] },
    }),
    podUsage: async () => undefined,
    usage: async () => ({
      cpuCoreNanoSeconds: 0,
      memoryWorkingSetBytes: 0,
      memoryUsageBytes: 0,
      memoryAvailableBytes: quantityValue(capacity["memory"] ?? 0),
      memoryRssBytes: 0,
      filesystem: { capacityBytes: 0, availableBytes: 0, usedBytes: 0, inodes: 0, inodesFree: 0 },
      processes: { running: 0, max: 0 },
      network: [],
      bootedAtMs: 0,
    }),
  }
}

/** The ids are given as on a machine, and are forgotten with the process. */
function createSimulatedUsers(maxPods: number): PodUsers {
  const idsPerPod = defaultIdsPerPod
  const ranges = new IdRanges({ ...defaultSubordinateIds(idsPerPod), idsPerPod, maxPods })
  return {
    async ensure(podUid) {
      const mapping = { hostId: ranges.allocate(podUid), containerId: 0, length: idsPerPod }
      return { mode: "POD", uids: [mapping], gids: [mapping] }
    },
    async release(podUid) {
      ranges.release(podUid)
    },
  }
}

/** Answers by the container's profile: one timer for each change that is still to come, none for probes that pass. */
function createSimulatedProber({ clock, findBehaviour }: SimulatedHostOptions): Prober {
  return {
    start({ containerId, startedAtMs, type }, report) {
      const { readyAfterMs = 0, unreadyAfterMs } = findBehaviour(containerId) ?? {}
      const timers: Timer[] = []
      const at = (afterMs: number, act: () => void) =>
        timers.push(clock.after(Math.max(startedAtMs + afterMs - clock.now(), 0), act))
      if (type !== "liveness") at(readyAfterMs, () => report.result({ success: true, message: "" }))
      if (type === "readiness" && unreadyAfterMs !== undefined)
        at(unreadyAfterMs, () => {
          const message = "HTTP probe failed with statuscode: 500"
          report.unhealthy(`Readiness probe failed: ${message}`)
          report.result({ success: false, message })
        })
      return () => {
        for (const timer of timers) timer.cancel()
      }
    },
  }
}
