import type { Node, NodeCondition, NodeStatus } from "../../api/core/v1/node.ts"
import type { ResourceList } from "../../api/core/v1/resource-requirements.ts"
import type { Image, RuntimeStatus, RuntimeVersion } from "../../container-runtime/cri.ts"
import type { DeviceCapacity, Machine } from "../node-host.ts"

export const kubeletVersion = "v1.36.0"

export interface NodeFacts {
  readonly machine: Machine
  readonly version: RuntimeVersion
  readonly runtime: RuntimeStatus | undefined
  readonly images: readonly Image[]
  /** It is told of so many, the biggest ones; -1: of all. */
  readonly maxImages: number
  readonly conditions: readonly NodeCondition[]
  /** Where the kubelet itself listens. */
  readonly kubeletPort: number
  /** The node as the API shows it. */
  readonly node?: Node | undefined
  /** Attached volumes that something of this node uses or is about to use. */
  readonly volumesInUse: readonly string[]
  readonly devices: DeviceCapacity
}

/** What this kubelet can do that not every one can: pods that need it go nowhere else. Sorted. */
const declaredFeatures = [
  "ExtendWebSocketsToKubelet",
  "InPlacePodLevelResourcesVerticalScaling",
  "InPlacePodVerticalScalingInitContainers",
  "RestartAllContainersOnContainerExits",
]

export function computeNodeStatus({
  machine,
  version,
  runtime,
  images,
  maxImages,
  conditions,
  kubeletPort,
  node,
  volumesInUse,
  devices,
}: NodeFacts): NodeStatus {
  const handlers = runtime?.runtimeHandlers ?? []
  const extended = extendedResources(node)
  return {
    capacity: { ...extended, ...devices.capacity, ...machine.capacity },
    allocatable: { ...extended, ...devices.allocatable, ...machine.allocatable },
    conditions: [...conditions],
    addresses: [...machine.addresses],
    daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } },
    nodeInfo: {
      ...machine.info,
      containerRuntimeVersion: `${version.runtimeName}://${version.runtimeVersion}`,
      kubeletVersion,
      kubeProxyVersion: "",
    },
    images: nodeImages(images, maxImages),
    ...((volumesInUse.length > 0 || node?.status.volumesInUse?.length) && {
      volumesInUse: [...volumesInUse],
    }),
    ...(handlers.length > 0 && {
      runtimeHandlers: handlers.map(({ name, recursiveReadOnlyMounts, userNamespaces }) => ({
        name,
        features: { recursiveReadOnlyMounts, userNamespaces },
      })),
    }),
    features: { supplementalGroupsPolicy: runtime?.supplementalGroupsPolicy ?? false },
    declaredFeatures,
  }
}

/**
 * What somebody else has written into the node's capacity, of resources that only they know
 * (https://kubernetes.io/docs/tasks/administer-cluster/extended-resource-node/): all of it may be asked for.
 */
function extendedResources(node: Node | undefined): ResourceList {
  const capacity = Object.entries(node?.status.capacity ?? {})
  return Object.fromEntries(
    capacity.filter(([name]) => name.includes("/") && !name.split("/")[0]!.endsWith("kubernetes.io")),
  )
}

function nodeImages(images: readonly Image[], maxImages: number): NonNullable<NodeStatus["images"]> {
  return images
    .toSorted((a, b) => b.sizeBytes - a.sizeBytes || (a.id < b.id ? -1 : 1))
    .slice(0, maxImages < 0 ? undefined : maxImages)
    .map(({ repoDigests, repoTags, sizeBytes }) => ({ names: [...repoDigests, ...repoTags], sizeBytes }))
    .filter(({ names }) => names.length > 0)
}

export interface NodeIdentity {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly taints?: NonNullable<Node["spec"]["taints"]>
}

/** The labels that every node has, before those it is given. */
export function nodeLabels({ name, labels }: NodeIdentity, { info }: Machine): Record<string, string> {
  return {
    "beta.kubernetes.io/arch": info.architecture,
    "beta.kubernetes.io/os": info.operatingSystem,
    "kubernetes.io/arch": info.architecture,
    "kubernetes.io/hostname": name,
    "kubernetes.io/os": info.operatingSystem,
    ...labels,
  }
}
