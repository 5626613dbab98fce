import type { Container } from "../api/core/v1/container.ts"
import type { FileKeySelector } from "../api/core/v1/env-var.ts"
import type { ResourceStatus } from "../api/core/v1/container-status.ts"
import type { Pod } from "../api/core/v1/pod.ts"
import type { NodeAddress, NodeSystemInfo } from "../api/core/v1/node.ts"
import type { ResourceList } from "../api/core/v1/resource-requirements.ts"
import type {
  Device,
  DnsConfig,
  ImageSpec,
  LinuxContainerResources,
  Mount,
  UserNamespace,
} from "../container-runtime/cri.ts"
import type { PodsLimit } from "./node/plan-node-resources.ts"
import type { PodAddresses } from "./containers/pod-field.ts"
import type { ProbeResult, ProbeType } from "./pods/pod-state.ts"

/**
 * What a kubelet needs of the machine it runs on, beside a container runtime. Two implementations: `real/` on Linux, and
 * `simulated/`, which keeps nothing on disk and costs nothing while nothing happens.
 */
export interface NodeHost {
  readonly volumes: PodVolumes
  readonly cgroups: PodCgroups
  readonly files: ContainerFiles
  /** Devices that plugins look after. @default none */
  readonly devices?: PodDevices
  /** Gives them, and what else containers have for themselves. @default nobody has anything */
  readonly resources?: PodResources
  /** Devices that pods claim. @default none */
  readonly claims?: PodClaims
  /** For pods with users of their own. @default there are none */
  readonly users?: PodUsers
  readonly prober: Prober
  readonly logs: ContainerLogs
  machine(): Promise<Machine>
  /** What the machine as a whole uses now. */
  usage(): Promise<NodeUsage>
  /** What one pod and these of its containers use; undefined where nobody counts. Never rejects. */
  podUsage(pod: Pod, containerIds: readonly string[]): Promise<PodUsage | undefined>
}

/** What the kernel tells of a pod, beside what the container runtime does. */
export interface PodUsage {
  /** The pod's control group: "/coracle/3f2a/node-1/kubepods/burstable/pod<uid>". */
  readonly path: string
  readonly group?: GroupUsage
  /** By container id, sandboxes too. */
  readonly containers: ReadonlyMap<string, GroupUsage>
  /** Of the pod's own network; empty for pods on the host's. */
  readonly network: readonly InterfaceUsage[]
}

export interface VolumeUsage {
  /** The volume's in the pod. */
  readonly name: string
  readonly space: FilesystemSpace
  /** The claim it comes from. */
  readonly claim?: string
  /** It is on the node's own disk and goes with the pod. */
  readonly isLocal: boolean
}

/** Counters of a control group since it was made. */
export interface GroupUsage {
  readonly cpuNanoSeconds: number
  readonly cpuUserNanoSeconds: number
  readonly cpuSystemNanoSeconds: number
  readonly periods: number
  readonly throttledPeriods: number
  readonly throttledNanoSeconds: number
  readonly memoryUsageBytes: number
  readonly memoryWorkingSetBytes: number
  readonly memoryRssBytes: number
  readonly memoryCacheBytes: number
  readonly memoryMappedBytes: number
  readonly memoryMaxBytes: number
  /** How often the limit was hit. */
  readonly memoryFailures: number
  readonly memorySwapBytes: number
  readonly pageFaults: number
  readonly majorPageFaults: number
  readonly processes: number
}

export interface NodeUsage {
  readonly cpuCoreNanoSeconds: number
  readonly memoryWorkingSetBytes: number
  readonly memoryUsageBytes: number
  readonly memoryAvailableBytes: number
  readonly memoryRssBytes: number
  /** The file system of pods' volumes and logs. */
  readonly filesystem: FilesystemSpace
  /** That of images and containers' layers, where they have one of their own. @default the same */
  readonly imageFilesystem?: FilesystemSpace
  readonly processes: { readonly running: number; readonly max: number }
  /** Of all pods together; undefined where they are not held to anything. */
  readonly pods?: { readonly memoryLimitBytes: number; readonly memoryWorkingSetBytes: number }
  readonly network: readonly InterfaceUsage[]
  readonly bootedAtMs: number
}

export interface FilesystemSpace {
  readonly capacityBytes: number
  readonly availableBytes: number
  readonly usedBytes: number
  readonly inodes: number
  readonly inodesFree: number
  /** Where only a part of the file system is meant. @default all that are not free */
  readonly inodesUsed?: number
}

export interface InterfaceUsage {
  readonly name: string
  readonly receivedBytes: number
  readonly receiveErrors: number
  readonly receivedPackets: number
  readonly receiveDrops: number
  readonly sentBytes: number
  readonly sendErrors: number
  readonly sentPackets: number
  readonly sendDrops: number
}

/** What does not change while the kubelet runs. */
export interface Machine {
  /** cpu, memory, ephemeral-storage, pods, hugepages-*. */
  readonly capacity: ResourceList
  readonly allocatable: ResourceList
  /** What all pods together are held to; undefined where nothing holds them. */
  readonly pods?: PodsLimit
  /** How memory is held to its limits; undefined where no kernel does it. */
  readonly memoryControl?: MemoryControl
  /** InternalIPs first, the primary at the head; then the Hostname. */
  readonly addresses: readonly NodeAddress[]
  /** Without versions of runtime and kubelet, which the kubelet adds. */
  readonly info: Omit<NodeSystemInfo, "containerRuntimeVersion" | "kubeletVersion" | "kubeProxyVersion">
  /** What the node's own /etc/resolv.conf says. */
  readonly dns: DnsConfig
}

export interface MemoryControl {
  /** Version 2 of control groups. */
  readonly isUnified: boolean
  /** Swap has limits of its own. */
  readonly limitsSwap: boolean
}

export interface PodVolumes {
  /**
   * Makes every volume of the pod ready, and keeps those that follow an object of the API current from then on. Called
   * again after a failure it goes on where it stopped; `retry` is called when what was missing may be there. Throws
   * VolumeError, or AdmissionError when it never will be.
   */
  mount(pod: Pod, retry: () => void): Promise<void>
  /** A pod changed (its labels, say): files made from its fields follow. */
  update(pod: Pod): void
  /** The mounts of one container, once `mount` has succeeded. Throws when one of its paths cannot be had. */
  containerMounts(pod: Pod, container: Container, needs: ContainerMountNeeds): Promise<Mount[]>
  /** The block devices of one container. Throws when one of them is none. */
  containerDevices(pod: Pod, container: Container): Device[]
  /**
   * A variable as a file in one of the mounted volumes has it now; undefined where it may be left out. Throws when the file
   * cannot be read as such, or the variable is not there.
   */
  readVariable(pod: Pod, source: FileKeySelector): Promise<string | undefined>
  /**
   * How full a pod's volumes are, as of a minute ago at most. Volumes of which nothing can be said are left out. Never
   * rejects. To count files takes far longer than to ask the kernel for its counters: only for those who tell of volumes.
   */
  usage(podUid: string): Promise<readonly VolumeUsage[]>
  /** Idempotent; after it nothing of the pod's volumes is left. */
  unmount(podUid: string): Promise<void>
  /** Pods that have something left on the machine, of this run or an earlier one. */
  listPods(): Promise<readonly string[]>
}

/** What a container's mounts depend on beside its volumes. */
export interface ContainerMountNeeds {
  /** Its environment, for subPathExpr. */
  readonly variables: Readonly<Record<string, string>>
  /** The images of image volumes, by volume. */
  readonly imageVolumes: ReadonlyMap<string, ImageSpec>
  /** The runtime can make what is mounted below a read-only mount read-only too. */
  readonly recursiveReadOnly: boolean
}

export interface VolumeErrorOptions {
  /** The step that failed, in upstream's words. @default "MountVolume.SetUp" */
  readonly operation?: string
  /** Nothing is wrong: what is needed is on its way. */
  readonly isWaiting?: boolean
}

/** `volume` is what could not be mounted; `message` says why, as events show it. */
export class VolumeError extends Error {
  override readonly name = "VolumeError"
  readonly volume: string
  readonly operation: string
  readonly isWaiting: boolean

  constructor(volume: string, message: string, options: VolumeErrorOptions = {}) {
    super(message)
    this.volume = volume
    this.operation = options.operation ?? "MountVolume.SetUp"
    this.isWaiting = options.isWaiting ?? false
  }
}

/** What a pod claims is not ready. */
export class ClaimError extends Error {
  override readonly name = "ClaimError"
}

/** A pod may not run here after all: it becomes Failed with this. */
export class AdmissionError extends Error {
  override readonly name = "AdmissionError"
  readonly reason: string

  constructor(reason: string, message: string) {
    super(message)
    this.reason = reason
  }
}

/** What containers have for themselves: processors, memory, devices. */
export interface PodResources {
  /**
   * Gives a pod's containers what they ask for; what they were given before stays theirs. Throws AdmissionError.
   * `isRunning`: some container has it in use already.
   */
  allocate(pod: Pod, isRunning: boolean): Promise<void>
  /** Idempotent; nothing of the pod runs any more. */
  free(podUid: string): Promise<void>
  /** The processors and the nodes of memory that a container may use; empty where it may use all. */
  containerResources(pod: Pod, container: Container): LinuxContainerResources
}

export interface PodDevices {
  /** What a container that is about to be made needs in order to use its devices. Throws when one is not ready. */
  prepareContainer(podUid: string, container: string): Promise<ContainerDevices>
  /** How the devices are that a container has, by resource. */
  health(pod: Pod, container: Container): readonly ResourceStatus[]
  /** What the node has; resources that are gone are 0. */
  capacity(): DeviceCapacity
  /** Why plugins cannot register; undefined: they can. */
  problem(): string | undefined
}

export interface PodClaims {
  /** Has the devices of a pod's claims made ready; what is ready stays so. Throws ClaimError. */
  prepare(pod: Pod): Promise<void>
  /** What a container needs in order to use what it claims; its pod's claims are ready. */
  devicesOf(pod: Pod, container: Container): Promise<ContainerDevices>
  /** How the devices are that a container claims, by claim. */
  health(pod: Pod, container: Container): readonly ResourceStatus[]
  /** Idempotent; nothing of the pod runs any more. */
  release(podUid: string): Promise<void>
  /** How many claims are ready by each driver, and "<any>" for all. */
  inUse(): ReadonlyMap<string, number>
}

export interface ContainerDevices {
  readonly environment: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly mounts: readonly Mount[]
  readonly devices: readonly Device[]
}

export interface DeviceCapacity {
  readonly capacity: ResourceList
  readonly allocatable: ResourceList
}

export interface PodUsers {
  /** The ids of the machine that stand for the pod's own users: always the same ones, until they are given back. */
  ensure(podUid: string): Promise<UserNamespace>
  /** Idempotent; nothing of the pod runs any more. */
  release(podUid: string): Promise<void>
}

export interface PodCgroups {
  /** Makes the pod's group with its limits; resolves to its name for the runtime, "" where groups cannot be made. */
  ensure(pod: Pod): Promise<string>
  /** Gives the group of a running pod the limits of its specification. */
  update(pod: Pod): Promise<void>
  remove(podUid: string): Promise<void>
  listPods(): Promise<readonly string[]>
  /** Holds all pods together to what of the node is theirs. @default nothing holds them */
  holdPods?(limit: PodsLimit): Promise<void>
}

/** Files that the kubelet writes for containers, beside volumes. */
export interface ContainerFiles {
  /** Makes the directory of a pod's logs; resolves to it. */
  ensureLogDirectory(pod: Pod): Promise<string>
  /** /etc/hosts and the file for the termination message, as mounts; neither where the container mounts its own. */
  containerMounts(pod: Pod, container: Container, addresses: PodAddresses): Promise<Mount[]>
  /** The message a container left in its file when it ended; "" if it left none. `hostPath` is the file's. */
  readTerminationMessage(hostPath: string): Promise<string>
  /** Where a checkpoint of this name goes. */
  ensureCheckpointPath(name: string): Promise<string>
  /** Uids of the pods that have anything here, if only logs. */
  listPods(): Promise<readonly string[]>
  /** Removes what was made for the pod; its logs only if `logs` is set. */
  remove(podUid: string, options: { readonly logs: boolean }): Promise<void>
}

export interface ProbeTarget {
  readonly pod: Pod
  readonly container: Container
  readonly containerId: string
  readonly type: ProbeType
  readonly startedAtMs: number
  /** Where HTTP, TCP and gRPC probes go. */
  readonly podIp: string
  /** What is known already, of a container that was taken over. */
  readonly known?: ProbeResult
}

export interface ProbeReport {
  /** The result changed. */
  result(result: ProbeResult): void
  /** A probe failed, counted or not, as events tell it: "Readiness probe failed: ...". */
  unhealthy(message: string): void
  /** A probe passed in a way that people should know of: "Liveness probe warning: ...". */
  warned?(message: string): void
  /** A probe was tried, with this outcome. */
  tried?(outcome: "success" | "failure" | "unknown", tookMs: number): void
}

export interface Prober {
  /** Probes until the returned function is called. A liveness or startup probe that has failed stops by itself. */
  start(target: ProbeTarget, report: ProbeReport): () => void
}

export interface LogOptions {
  readonly follow: boolean
  readonly timestamps: boolean
  readonly sinceMs?: number
  readonly tailLines?: number
  readonly limitBytes?: number
  /** @default both */
  readonly stream?: "stdout" | "stderr"
}

export interface ContainerLogs {
  /** How big a log is, with what was put aside of it. */
  size(path: string): Promise<number>
  /**
   * A container's output. With `follow` it goes on until `signal` aborts or the container has ended (`ended` resolves)
   * and everything has been read.
   */
  read(log: LogSource, options: LogOptions, signal: AbortSignal): AsyncIterable<Uint8Array>
  /** The end of a log, for termination messages: at most `maxLines` lines and `maxBytes` bytes. */
  tail(log: LogSource, maxLines: number, maxBytes: number): Promise<string>
  /** Puts a log aside if it has grown too big; `reopen` makes the runtime write to a new file. */
  rotate(path: string, reopen: () => Promise<void>): Promise<void>
  /** Removes a log and what was put aside of it. */
  remove(path: string): Promise<void>
}

export interface LogSource {
  readonly containerId: string
  /** Absolute; "" in simulated runtimes. */
  readonly path: string
  readonly ended: Promise<void>
}
