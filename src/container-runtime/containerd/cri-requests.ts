import {
  bool,
  integer,
  message,
  present,
  repeated,
  string,
  stringMap,
  unsigned,
  wrapped,
} from "../../base/protobuf.ts"
import type * as cri from "../cri.ts"
import {
  Container,
  ContainerConfig,
  containerState,
  ContainerMetadata,
  Image,
  ImageSpec,
  LinuxContainerResources,
  Mount,
  NamespaceOptions,
  PodSandbox,
  PodSandboxConfig,
  PodSandboxMetadata,
  RegistryAuth,
  RuntimeCondition,
  sandboxState,
} from "./cri-messages.ts"

// Requests and answers of the CRI: mostly one or two fields around the messages of the contract.

export const Empty = message<object>({})

export const Id = message<{ id: string }>({ id: [1, string] })

export const VersionRequest = message<{ version: string }>({ version: [1, string] })

export const StatusResponse = message<{
  status?: { conditions: cri.RuntimeCondition[] }
  handlers: WireHandler[]
  features?: { supplementalGroupsPolicy: boolean }
}>({
  status: [
    1,
    message<{ conditions: cri.RuntimeCondition[] }>({ conditions: [1, repeated(RuntimeCondition)] }),
  ],
  handlers: [3, repeated(handler())],
  features: [4, message<{ supplementalGroupsPolicy: boolean }>({ supplementalGroupsPolicy: [1, bool] })],
})

interface WireHandler {
  name: string
  features?: { recursiveReadOnlyMounts: boolean; userNamespaces: boolean }
}
function handler() {
  return message<WireHandler>({
    name: [1, string],
    features: [
      2,
      message<{ recursiveReadOnlyMounts: boolean; userNamespaces: boolean }>({
        recursiveReadOnlyMounts: [1, bool],
        userNamespaces: [2, bool],
      }),
    ],
  })
}

export const RunPodSandboxRequest = message<{ config?: cri.PodSandboxConfig; runtimeHandler: string }>({
  config: [1, PodSandboxConfig],
  runtimeHandler: [2, string],
})

interface WireSandboxStatus extends cri.PodSandbox {
  network?: { ip: string; additionalIps: { ip: string }[] }
  linux?: { namespaces?: { options?: cri.NamespaceOptions } }
}

export const PodSandboxStatusResponse = message<{ status?: WireSandboxStatus }>({
  status: [
    1,
    message<WireSandboxStatus>({
      id: [1, string],
      metadata: [2, present(PodSandboxMetadata)],
      state: [3, sandboxState],
      createdAt: [4, integer],
      network: [
        5,
        message<{ ip: string; additionalIps: { ip: string }[] }>({
          ip: [1, string],
          additionalIps: [2, repeated(message<{ ip: string }>({ ip: [1, string] }))],
        }),
      ],
      linux: [
        6,
        message<{ namespaces?: { options?: cri.NamespaceOptions } }>({
          namespaces: [1, message<{ options?: cri.NamespaceOptions }>({ options: [2, NamespaceOptions] })],
        }),
      ],
      labels: [7, stringMap],
      annotations: [8, stringMap],
      runtimeHandler: [9, string],
    }),
  ],
})

export const ListPodSandboxRequest = message<{
  filter?: { id: string; state?: { state: cri.SandboxState }; labelSelector: cri.Labels }
}>({
  filter: [
    1,
    message<{ id: string; state?: { state: cri.SandboxState }; labelSelector: cri.Labels }>({
      id: [1, string],
      state: [2, message<{ state: cri.SandboxState }>({ state: [1, sandboxState] })],
      labelSelector: [3, stringMap],
    }),
  ],
})

export const ListPodSandboxResponse = message<{ items: cri.PodSandbox[] }>({
  items: [1, repeated(PodSandbox)],
})

export const CreateContainerRequest = message<{
  sandboxId: string
  config?: cri.ContainerConfig
  sandboxConfig?: cri.PodSandboxConfig
}>({
  sandboxId: [1, string],
  config: [2, ContainerConfig],
  sandboxConfig: [3, PodSandboxConfig],
})

export const StopContainerRequest = message<{ id: string; timeout: number }>({
  id: [1, string],
  timeout: [2, integer],
})

interface WireContainerFilter {
  id: string
  state?: { state: cri.ContainerState }
  podSandboxId: string
  labelSelector: cri.Labels
}
export const ListContainersRequest = message<{ filter?: WireContainerFilter }>({
  filter: [
    1,
    message<WireContainerFilter>({
      id: [1, string],
      state: [2, message<{ state: cri.ContainerState }>({ state: [1, containerState] })],
      podSandboxId: [3, string],
      labelSelector: [4, stringMap],
    }),
  ],
})

export const ListContainersResponse = message<{ containers: cri.Container[] }>({
  containers: [1, repeated(Container)],
})

interface WireContainerStatus extends Omit<cri.ContainerStatus, "image" | "resources" | "user"> {
  image: cri.ImageSpec
  resources?: { linux?: cri.LinuxContainerResources }
  user?: { linux?: cri.ContainerUser }
}
export const ContainerStatusResponse = message<{ status?: WireContainerStatus }>({
  status: [
    1,
    message<WireContainerStatus>({
      id: [1, string],
      metadata: [2, present(ContainerMetadata)],
      state: [3, containerState],
      createdAt: [4, integer],
      startedAt: [5, integer],
      finishedAt: [6, integer],
      exitCode: [7, integer],
      image: [8, present(ImageSpec)],
      imageRef: [9, string],
      reason: [10, string],
      message: [11, string],
      labels: [12, stringMap],
      annotations: [13, stringMap],
      mounts: [14, repeated(Mount)],
      logPath: [15, string],
      resources: [
        16,
        message<{ linux?: cri.LinuxContainerResources }>({ linux: [1, LinuxContainerResources] }),
      ],
      imageId: [17, string],
      user: [
        18,
        message<{ linux?: cri.ContainerUser }>({
          linux: [
            1,
            message<cri.ContainerUser>({
              uid: [1, integer],
              gid: [2, integer],
              supplementalGroups: [3, repeated(integer)],
            }),
          ],
        }),
      ],
    }),
  ],
})

export const CheckpointContainerRequest = message<{ id: string; location: string; timeout: number }>({
  id: [1, string],
  location: [2, string],
  timeout: [3, integer],
})

export const UpdateContainerResourcesRequest = message<{ id: string; linux?: cri.LinuxContainerResources }>({
  id: [1, string],
  linux: [2, LinuxContainerResources],
})

export const UpdatePodSandboxRequest = message<{ id: string } & cri.PodSandboxResources>({
  id: [1, string],
  overhead: [2, LinuxContainerResources],
  resources: [3, LinuxContainerResources],
})

export const ExecSyncRequest = message<{ id: string; command: string[]; timeout: number }>({
  id: [1, string],
  command: [2, repeated(string)],
  timeout: [3, integer],
})

export const ExecRequest = message<{
  containerId: string
  command: string[]
  tty: boolean
  stdin: boolean
  stdout: boolean
  stderr: boolean
}>({
  containerId: [1, string],
  command: [2, repeated(string)],
  tty: [3, bool],
  stdin: [4, bool],
  stdout: [5, bool],
  stderr: [6, bool],
})

export const AttachRequest = message<cri.AttachRequest>({
  containerId: [1, string],
  stdin: [2, bool],
  tty: [3, bool],
  stdout: [4, bool],
  stderr: [5, bool],
})

export const PortForwardRequest = message<{ id: string; ports: number[] }>({
  id: [1, string],
  ports: [2, repeated(integer)],
})

/** RunPodSandbox, CreateContainer, Exec, Attach, PortForward and PullImage all answer with one string. */
export const TextResponse = message<{ text: string }>({ text: [1, string] })

export interface WireContainerStats {
  attributes?: {
    id: string
    metadata: cri.ContainerMetadata
    labels: cri.Labels
    annotations: cri.Labels
  }
  cpu?: { timestamp: number; usageCoreNanoSeconds?: number; usageNanoCores?: number }
  memory?: {
    timestamp: number
    workingSetBytes?: number
    availableBytes?: number
    usageBytes?: number
    rssBytes?: number
    pageFaults?: number
    majorPageFaults?: number
  }
  writableLayer?: WireFilesystemUsage
}

export interface WireFilesystemUsage {
  timestamp: number
  filesystem: { mountpoint: string }
  usedBytes?: number
  inodesUsed?: number
}

const FilesystemUsage = message<WireFilesystemUsage>({
  timestamp: [1, integer],
  filesystem: [2, present(message<{ mountpoint: string }>({ mountpoint: [1, string] }))],
  usedBytes: [3, wrapped(unsigned)],
  inodesUsed: [4, wrapped(unsigned)],
})

const ContainerStats = message<WireContainerStats>({
  attributes: [
    1,
    message<NonNullable<WireContainerStats["attributes"]>>({
      id: [1, string],
      metadata: [2, present(ContainerMetadata)],
      labels: [3, stringMap],
      annotations: [4, stringMap],
    }),
  ],
  cpu: [
    2,
    message<NonNullable<WireContainerStats["cpu"]>>({
      timestamp: [1, integer],
      usageCoreNanoSeconds: [2, wrapped(unsigned)],
      usageNanoCores: [3, wrapped(unsigned)],
    }),
  ],
  memory: [
    3,
    message<NonNullable<WireContainerStats["memory"]>>({
      timestamp: [1, integer],
      workingSetBytes: [2, wrapped(unsigned)],
      availableBytes: [3, wrapped(unsigned)],
      usageBytes: [4, wrapped(unsigned)],
      rssBytes: [5, wrapped(unsigned)],
      pageFaults: [6, wrapped(unsigned)],
      majorPageFaults: [7, wrapped(unsigned)],
    }),
  ],
  writableLayer: [4, FilesystemUsage],
})

export const ContainerStatsResponse = message<{ stats?: WireContainerStats }>({ stats: [1, ContainerStats] })

interface WireStatsFilter {
  id: string
  podSandboxId: string
  labelSelector: cri.Labels
}
export const ListContainerStatsRequest = message<{ filter?: WireStatsFilter }>({
  filter: [
    1,
    message<WireStatsFilter>({
      id: [1, string],
      podSandboxId: [2, string],
      labelSelector: [3, stringMap],
    }),
  ],
})

export const ListContainerStatsResponse = message<{ stats: WireContainerStats[] }>({
  stats: [1, repeated(ContainerStats)],
})

/** ImageStatus, RemoveImage and PullImage name an image in field 1. */
export const ImageRequest = message<{ image?: cri.ImageSpec; auth?: cri.RegistryAuth }>({
  image: [1, ImageSpec],
  auth: [2, RegistryAuth],
})

export const ImageStatusResponse = message<{ image?: cri.Image }>({ image: [1, Image] })
export const ListImagesResponse = message<{ images: cri.Image[] }>({ images: [1, repeated(Image)] })

export const ImageFilesystemResponse = message<{ filesystems: WireFilesystemUsage[] }>({
  filesystems: [1, repeated(FilesystemUsage)],
})
