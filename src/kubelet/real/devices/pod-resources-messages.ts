import { integer, message, optional, repeated, string } from "../../../base/protobuf.ts"
import { Topology } from "./device-messages.ts"

// The pod resources interface (k8s.io/kubelet/pkg/apis/podresources/v1); field numbers are facts of it.

export const podResourcesService = "/v1.PodResourcesLister"

export interface ContainerDevices {
  resourceName: string
  deviceIds: string[]
  topology?: { nodes: { id: number }[] }
}
const ContainerDevices = message<ContainerDevices>({
  resourceName: [1, string],
  deviceIds: [2, repeated(string)],
  topology: [3, Topology],
})

export interface ClaimResource {
  cdiDevices: { name: string }[]
  driverName: string
  poolName: string
  deviceName: string
  shareId?: string
}
export interface DynamicResource {
  claimName: string
  claimNamespace: string
  claimResources: ClaimResource[]
}
const DynamicResource = message<DynamicResource>({
  claimName: [2, string],
  claimNamespace: [3, string],
  claimResources: [
    4,
    repeated(
      message<ClaimResource>({
        cdiDevices: [1, repeated(message<{ name: string }>({ name: [1, string] }))],
        driverName: [2, string],
        poolName: [3, string],
        deviceName: [4, string],
        shareId: [5, optional(string)],
      }),
    ),
  ],
})

export interface ContainerMemory {
  memoryType: string
  size: number
  topology?: { nodes: { id: number }[] }
}
const ContainerMemory = message<ContainerMemory>({
  memoryType: [1, string],
  size: [2, integer],
  topology: [3, Topology],
})

export interface PodResources {
  name: string
  namespace: string
  /** Processors and memory that a container has for itself. */
  containers: {
    name: string
    devices: ContainerDevices[]
    cpuIds: number[]
    memory: ContainerMemory[]
    dynamicResources: DynamicResource[]
  }[]
}
const PodResources = message<PodResources>({
  name: [1, string],
  namespace: [2, string],
  containers: [
    3,
    repeated(
      message<PodResources["containers"][number]>({
        name: [1, string],
        devices: [2, repeated(ContainerDevices)],
        cpuIds: [3, repeated(integer)],
        memory: [4, repeated(ContainerMemory)],
        dynamicResources: [5, repeated(DynamicResource)],
      }),
    ),
  ],
})

export const ListResponse = message<{ podResources: PodResources[] }>({
  podResources: [1, repeated(PodResources)],
})

export const GetRequest = message<{ podName: string; podNamespace: string }>({
  podName: [1, string],
  podNamespace: [2, string],
})
export const GetResponse = message<{ podResources?: PodResources }>({ podResources: [1, PodResources] })

export const AllocatableResponse = message<{
  devices: ContainerDevices[]
  cpuIds: number[]
  memory: ContainerMemory[]
}>({
  devices: [1, repeated(ContainerDevices)],
  cpuIds: [2, repeated(integer)],
  memory: [3, repeated(ContainerMemory)],
})
