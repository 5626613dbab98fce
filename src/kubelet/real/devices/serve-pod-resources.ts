import { join } from "node:path"
import type { Pod } from "../../../api/core/v1/pod.ts"
import { isSidecar } from "../../../api/core/v1/pod-resources.ts"
import { GrpcError } from "../../../base/grpc-error.ts"
import { type GrpcServer, serveGrpc, unaryMethod } from "../../../base/real/grpc/serve-grpc.ts"
import type { ClaimState } from "../../dra/plan-claims.ts"
import type { CpuManager } from "../../resource-managers/cpu/cpu-manager.ts"
import { sorted } from "../../resource-managers/cpu-set.ts"
import type { MemoryBlock } from "../../resource-managers/memory/machine-memory.ts"
import type { MemoryManager } from "../../resource-managers/memory/memory-manager.ts"
import type { ClaimManager } from "../dra/claim-manager.ts"
import { type Device, Nothing } from "./device-messages.ts"
import type { DeviceManager } from "./device-manager.ts"
import * as wire from "./pod-resources-messages.ts"

export interface PodResourcesOptions {
  /** The kubelet's `pod-resources`. */
  readonly directory: string
  /** Pods that have not ended. */
  readonly pods: () => readonly Pod[]
  readonly devices: Pick<DeviceManager, "allocations" | "devices">
  readonly claims: Pick<ClaimManager, "claimsFor">
  readonly cpu?: Pick<CpuManager, "allocatable" | "cpusOf"> | undefined
  readonly memory?: Pick<MemoryManager, "allocatable" | "blocksOf"> | undefined
}

/**
 * Tells monitoring agents which container has which devices, on a socket of its own
 * (https://kubernetes.io/docs/concepts/extend-kubernetes/compute-storage-net/device-plugins/#monitoring-device-plugin-resources).
 */
export function servePodResources({ directory, pods, ...given }: PodResourcesOptions): Promise<GrpcServer> {
  const { podResourcesService: service } = wire
  return serveGrpc(join(directory, "kubelet.sock"), {
    [`${service}/List`]: unaryMethod(Nothing, wire.ListResponse, async () => ({
      podResources: pods().map((pod) => resourcesOf(pod, given)),
    })),
    [`${service}/Get`]: unaryMethod(wire.GetRequest, wire.GetResponse, async ({ podName, podNamespace }) => {
      const pod = pods().find(
        ({ metadata }) => metadata.name === podName && metadata.namespace === podNamespace,
      )
      if (!pod) throw new GrpcError("Unknown", `pod ${podName} in namespace ${podNamespace} not found`)
      return { podResources: resourcesOf(pod, given) }
    }),
    [`${service}/GetAllocatableResources`]: unaryMethod(Nothing, wire.AllocatableResponse, async () => ({
      devices: [...given.devices.devices()].flatMap(([resourceName, all]) =>
        all.map((device) => toWire(resourceName, [device.id], [device])),
      ),
      cpuIds: sorted(given.cpu?.allocatable ?? []),
      memory: (given.memory?.allocatable ?? []).map(toWireMemory),
    })),
  })
}

function resourcesOf(
  pod: Pod,
  { devices, claims, cpu, memory }: Omit<PodResourcesOptions, "directory" | "pods">,
): wire.PodResources {
  const { metadata, spec } = pod
  const known = devices.devices()
  const containers = [...(spec.initContainers ?? []).filter(isSidecar), ...spec.containers]
  return {
    name: metadata.name,
    namespace: metadata.namespace ?? "",
    containers: containers.map((each) => ({
      name: each.name,
      cpuIds: sorted(cpu?.cpusOf(metadata.uid, each.name) ?? []),
      memory: (memory?.blocksOf(metadata.uid, each.name) ?? []).map(toWireMemory),
      devices: devices
        .allocations()
        .filter(({ podUid, container }) => podUid === metadata.uid && container === each.name)
        .map(({ resource, ids }) =>
          toWire(
            resource,
            ids,
            (known.get(resource) ?? []).filter(({ id }) => ids.includes(id)),
          ),
        ),
      dynamicResources: claims.claimsFor(pod, each).map(claimToWire),
    })),
  }
}

function claimToWire({ name, namespace, drivers }: ClaimState): wire.DynamicResource {
  const claimResources = Object.entries(drivers).flatMap(([driverName, all]) =>
    all.map(({ cdiDeviceIds, poolName, deviceName, shareId }) => ({
      cdiDevices: cdiDeviceIds.map((id) => ({ name: id })),
      driverName,
      poolName,
      deviceName,
      ...(shareId && { shareId }),
    })),
  )
  return { claimName: name, claimNamespace: namespace, claimResources }
}

function toWireMemory({ type, size, nodes }: MemoryBlock): wire.ContainerMemory {
  return { memoryType: type, size, topology: { nodes: nodes.map((id) => ({ id })) } }
}

/** Where devices are is told by the NUMA nodes of all of them. */
function toWire(resourceName: string, ids: readonly string[], all: readonly Device[]): wire.ContainerDevices {
  const nodes = [...new Set(all.flatMap(({ topology }) => topology?.nodes.map(({ id }) => id) ?? []))].sort()
  return {
    resourceName,
    deviceIds: [...ids],
    ...(nodes.length > 0 && { topology: { nodes: nodes.map((id) => ({ id })) } }),
  }
}
