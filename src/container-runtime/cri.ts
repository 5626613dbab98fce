import type { ContainerStats, FilesystemUsage, Image, RegistryAuth } from "./cri-images-and-stats.ts"

/**
 * The container runtime interface (CRI v1, https://github.com/kubernetes/cri-api), as the kubelet uses it: the contract
 * between a kubelet and whatever runs its containers. Two implementations pass one suite (contract-suite.ts):
 * `containerd/` and `simulated/`. This file is all that the kubelet knows of a runtime.
 *
 * Times are nanoseconds since the epoch, 0 when they have not come. Failures are RuntimeErrors.
 */
export interface RuntimeService {
  version(): Promise<RuntimeVersion>
  status(): Promise<RuntimeStatus>

  /** Creates and starts a sandbox; resolves to its id when its network is ready. */
  runPodSandbox(config: PodSandboxConfig, runtimeHandler?: string): Promise<string>
  /** Kills what still runs in it and gives its network back. Idempotent; absent sandboxes are fine. */
  stopPodSandbox(id: string): Promise<void>
  /** Removes it and its containers, running or not. Idempotent. */
  removePodSandbox(id: string): Promise<void>
  podSandboxStatus(id: string): Promise<PodSandboxStatus>
  listPodSandboxes(filter?: SandboxFilter): Promise<readonly PodSandbox[]>

  createContainer(
    sandboxId: string,
    config: ContainerConfig,
    sandboxConfig: PodSandboxConfig,
  ): Promise<string>
  startContainer(id: string): Promise<void>
  /**
   * Sends the stop signal, and SIGKILL after `timeoutSeconds`; resolves when the container has stopped. Idempotent.
   * Aborting `signal` gives up waiting, so that a shorter timeout can be asked for.
   */
  stopContainer(id: string, timeoutSeconds: number, signal?: AbortSignal): Promise<void>
  /** Removes it, killing it if it runs. Idempotent. */
  removeContainer(id: string): Promise<void>
  containerStatus(id: string): Promise<ContainerStatus>
  listContainers(filter?: ContainerFilter): Promise<readonly Container[]>
  updateContainerResources(id: string, resources: LinuxContainerResources): Promise<void>
  /** Tells what a sandbox and its containers may use together from now on. Fails with Unimplemented where the runtime doesn't care. */
  updatePodSandboxResources(id: string, resources: PodSandboxResources): Promise<void>
  /** After the kubelet has moved the log file away. */
  reopenContainerLog(id: string): Promise<void>

  /** Writes a running container's state to the file `location`. Fails with Unimplemented where the runtime can't. */
  checkpointContainer(id: string, location: string, timeoutSeconds: number): Promise<void>

  /** Runs a command to its end. Fails with DeadlineExceeded after `timeoutSeconds` (0: never). */
  execSync(id: string, command: readonly string[], timeoutSeconds: number): Promise<ExecResult>
  /** These three give the URL of a streaming server that speaks SPDY/3.1 after an upgrade; good for one use. */
  exec(request: ExecRequest): Promise<string>
  attach(request: AttachRequest): Promise<string>
  portForward(sandboxId: string, ports: readonly number[]): Promise<string>

  containerStats(id: string): Promise<ContainerStats>
  listContainerStats(filter?: ContainerFilter): Promise<readonly ContainerStats[]>

  /**
   * Hints that something happened to a container or sandbox, as they come, until `signal` aborts. A hint may be early (the
   * status does not show it yet), late, doubled or, while the runtime restarts, lost: consumers look at the status and
   * relist now and then.
   */
  events(signal: AbortSignal): AsyncIterable<RuntimeEvent>
}

export interface ImageService {
  listImages(): Promise<readonly Image[]>
  /** Undefined when it is not there. `image` is a name, a name with digest, or an image id. */
  findImage(image: string): Promise<Image | undefined>
  /** Resolves to the image's reference, for ContainerConfig. */
  pullImage(image: string, auth?: RegistryAuth): Promise<string>
  removeImage(image: string): Promise<void>
  filesystemInfo(): Promise<readonly FilesystemUsage[]>
}

export type {
  ContainerStats,
  CpuUsage,
  FilesystemUsage,
  Image,
  MemoryUsage,
  RegistryAuth,
} from "./cri-images-and-stats.ts"
export {
  GrpcError as RuntimeError,
  type GrpcErrorCode as RuntimeErrorCode,
  isGrpcError as isRuntimeError,
} from "../base/grpc-error.ts"

export interface RuntimeVersion {
  /** Of the kubelet's API. */
  version: string
  runtimeName: string
  runtimeVersion: string
  runtimeApiVersion: string
}

export interface RuntimeStatus {
  /** RuntimeReady and NetworkReady. */
  conditions: RuntimeCondition[]
  runtimeHandlers: RuntimeHandler[]
  supplementalGroupsPolicy: boolean
}

export interface RuntimeCondition {
  type: string
  status: boolean
  reason: string
  message: string
}

export interface RuntimeHandler {
  name: string
  recursiveReadOnlyMounts: boolean
  userNamespaces: boolean
}

export type Labels = Record<string, string>

// ---------------------------------------------------------------------------------------------------------------------
// Sandboxes
// ---------------------------------------------------------------------------------------------------------------------

export interface PodSandboxMetadata {
  name: string
  uid: string
  namespace: string
  /** 0 for the first sandbox of a pod. */
  attempt: number
}

export interface PodSandboxConfig {
  metadata: PodSandboxMetadata
  /** "" for host network. */
  hostname?: string
  /** Where the containers' log paths are relative to. */
  logDirectory?: string
  dnsConfig?: DnsConfig
  portMappings?: PortMapping[]
  labels: Labels
  annotations: Labels
  linux?: LinuxPodSandboxConfig
}

export interface DnsConfig {
  servers: string[]
  searches: string[]
  options: string[]
}

export interface PortMapping {
  protocol: "TCP" | "UDP" | "SCTP"
  containerPort: number
  hostPort: number
  hostIp: string
}

export interface LinuxPodSandboxConfig {
  cgroupParent?: string
  securityContext?: LinuxSandboxSecurityContext
  sysctls?: Labels
  overhead?: LinuxContainerResources
  resources?: LinuxContainerResources
}

/** The sum of what containers may use, and what the sandbox itself takes. */
export type PodSandboxResources = Pick<LinuxPodSandboxConfig, "overhead" | "resources">

export type NamespaceMode = "POD" | "CONTAINER" | "NODE" | "TARGET"

export interface NamespaceOptions {
  network: NamespaceMode
  pid: NamespaceMode
  ipc: NamespaceMode
  /** For `pid: "TARGET"`: the container whose processes are seen. */
  targetId?: string
  userNamespace?: UserNamespace
}

export interface UserNamespace {
  mode: NamespaceMode
  uids: IdMapping[]
  gids: IdMapping[]
}

export interface IdMapping {
  hostId: number
  containerId: number
  length: number
}

export interface LinuxSandboxSecurityContext {
  namespaceOptions?: NamespaceOptions
  seLinuxOptions?: SeLinuxOptions
  runAsUser?: number
  runAsGroup?: number
  readonlyRootfs?: boolean
  supplementalGroups?: number[]
  supplementalGroupsPolicy?: "Merge" | "Strict"
  privileged?: boolean
  seccomp?: SecurityProfile
  apparmor?: SecurityProfile
}

export interface SeLinuxOptions {
  user: string
  role: string
  type: string
  level: string
}

export interface SecurityProfile {
  profileType: "RuntimeDefault" | "Unconfined" | "Localhost"
  /** A path (seccomp) or a name (AppArmor) on the node. */
  localhostRef: string
}

export type SandboxState = "SANDBOX_READY" | "SANDBOX_NOTREADY"

export interface PodSandbox {
  id: string
  metadata: PodSandboxMetadata
  state: SandboxState
  createdAt: number
  labels: Labels
  annotations: Labels
  runtimeHandler: string
}

export interface PodSandboxStatus extends PodSandbox {
  /** The pod's addresses, the primary first; empty for host network. */
  ips: string[]
  network: NamespaceMode
}

export interface SandboxFilter {
  id?: string
  state?: SandboxState
  labelSelector?: Labels
}

// ---------------------------------------------------------------------------------------------------------------------
// Containers
// ---------------------------------------------------------------------------------------------------------------------

export interface ContainerMetadata {
  name: string
  /** The number of restarts before this one. */
  attempt: number
}

export interface ImageSpec {
  image: string
  annotations?: Labels
  /** As the pod names it. */
  userSpecifiedImage?: string
  runtimeHandler?: string
}

export interface ContainerConfig {
  metadata: ContainerMetadata
  image: ImageSpec
  /** Empty: the image's entrypoint. */
  command?: string[]
  args?: string[]
  workingDir?: string
  environment?: EnvironmentVariable[]
  mounts?: Mount[]
  devices?: Device[]
  labels: Labels
  annotations: Labels
  logPath?: string
  stdin?: boolean
  stdinOnce?: boolean
  tty?: boolean
  linux?: LinuxContainerConfig
  /** "SIGUSR1"; absent: the image's, or SIGTERM. */
  stopSignal?: string
}

export interface EnvironmentVariable {
  key: string
  value: string
}

export interface Mount {
  containerPath: string
  hostPath: string
  readonly?: boolean
  seLinuxRelabel?: boolean
  propagation?: MountPropagation
  recursiveReadOnly?: boolean
  uidMappings?: IdMapping[]
  gidMappings?: IdMapping[]
  /** Mounts an image's files instead of a host path. */
  image?: ImageSpec
  imageSubPath?: string
}

export type MountPropagation =
  | "PROPAGATION_PRIVATE"
  | "PROPAGATION_HOST_TO_CONTAINER"
  | "PROPAGATION_BIDIRECTIONAL"

export interface Device {
  containerPath: string
  hostPath: string
  /** Of "rwm". */
  permissions: string
}

export interface LinuxContainerConfig {
  resources?: LinuxContainerResources
  securityContext?: LinuxContainerSecurityContext
}

export interface LinuxContainerResources {
  /** Microseconds. */
  cpuPeriod?: number
  /** Microseconds of each period; -1: no limit. */
  cpuQuota?: number
  cpuShares?: number
  memoryLimitInBytes?: number
  oomScoreAdj?: number
  cpusetCpus?: string
  cpusetMems?: string
  hugepageLimits?: HugepageLimit[]
  /** cgroup v2 files by name. */
  unified?: Labels
  memorySwapLimitInBytes?: number
}

export interface HugepageLimit {
  /** "2MB" */
  pageSize: string
  limit: number
}

export interface LinuxContainerSecurityContext {
  capabilities?: Capabilities
  privileged?: boolean
  namespaceOptions?: NamespaceOptions
  seLinuxOptions?: SeLinuxOptions
  runAsUser?: number
  runAsGroup?: number
  runAsUsername?: string
  readonlyRootfs?: boolean
  supplementalGroups?: number[]
  supplementalGroupsPolicy?: "Merge" | "Strict"
  noNewPrivileges?: boolean
  maskedPaths?: string[]
  readonlyPaths?: string[]
  seccomp?: SecurityProfile
  apparmor?: SecurityProfile
}

export interface Capabilities {
  add: string[]
  drop: string[]
}

export type ContainerState =
  | "CONTAINER_CREATED"
  | "CONTAINER_RUNNING"
  | "CONTAINER_EXITED"
  | "CONTAINER_UNKNOWN"

export interface Container {
  id: string
  podSandboxId: string
  metadata: ContainerMetadata
  state: ContainerState
  createdAt: number
  imageRef: string
  labels: Labels
  annotations: Labels
}

export interface ContainerStatus {
  id: string
  metadata: ContainerMetadata
  state: ContainerState
  createdAt: number
  startedAt: number
  finishedAt: number
  exitCode: number
  /** The name under which it was created. */
  image: string
  /** By digest where the image has one, else its id. */
  imageRef: string
  imageId: string
  /** "Completed", "Error", "OOMKilled", ... */
  reason: string
  message: string
  labels: Labels
  annotations: Labels
  mounts: Mount[]
  /** Absolute. */
  logPath: string
  resources?: LinuxContainerResources
  user?: ContainerUser
}

export interface ContainerUser {
  uid: number
  gid: number
  supplementalGroups: number[]
}

export interface ContainerFilter {
  id?: string
  state?: ContainerState
  podSandboxId?: string
  labelSelector?: Labels
}

export interface ExecResult {
  stdout: Uint8Array
  stderr: Uint8Array
  exitCode: number
}

export interface ExecRequest {
  containerId: string
  command: readonly string[]
  tty: boolean
  stdin: boolean
  stdout: boolean
  stderr: boolean
}

export interface AttachRequest {
  containerId: string
  tty: boolean
  stdin: boolean
  stdout: boolean
  stderr: boolean
}

export interface RuntimeEvent {
  type: "started" | "exited" | "oom" | "deleted"
  /** A container's or a sandbox's. */
  id: string
}
