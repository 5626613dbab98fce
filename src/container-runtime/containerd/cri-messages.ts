import {
  bool,
  bytes,
  enumOf,
  integer,
  message,
  optional,
  present,
  repeated,
  string,
  stringMap,
  unsigned,
  wrapped,
} from "../../base/protobuf.ts"
import type * as cri from "../cri.ts"

// The messages of the CRI that travel as they are, described against the contract's own types. Field numbers are facts of
// the published interface (k8s.io/cri-api, v1). Requests and answers that only wrap these are in cri-requests.ts.

export const PodSandboxMetadata = message<cri.PodSandboxMetadata>({
  name: [1, string],
  uid: [2, string],
  namespace: [3, string],
  attempt: [4, unsigned],
})

const DnsConfig = message<cri.DnsConfig>({
  servers: [1, repeated(string)],
  searches: [2, repeated(string)],
  options: [3, repeated(string)],
})

const PortMapping = message<cri.PortMapping>({
  protocol: [1, enumOf({ TCP: 0, UDP: 1, SCTP: 2 })],
  containerPort: [2, integer],
  hostPort: [3, integer],
  hostIp: [4, string],
})

const IdMapping = message<cri.IdMapping>({
  hostId: [1, unsigned],
  containerId: [2, unsigned],
  length: [3, unsigned],
})

const namespaceMode = enumOf({ POD: 0, CONTAINER: 1, NODE: 2, TARGET: 3 })

const UserNamespace = message<cri.UserNamespace>({
  mode: [1, namespaceMode],
  uids: [2, repeated(IdMapping)],
  gids: [3, repeated(IdMapping)],
})

export const NamespaceOptions = message<cri.NamespaceOptions>({
  network: [1, namespaceMode],
  pid: [2, namespaceMode],
  ipc: [3, namespaceMode],
  targetId: [4, optional(string)],
  userNamespace: [5, UserNamespace],
})

const SeLinuxOptions = message<cri.SeLinuxOptions>({
  user: [1, string],
  role: [2, string],
  type: [3, string],
  level: [4, string],
})

const SecurityProfile = message<cri.SecurityProfile>({
  profileType: [1, enumOf({ RuntimeDefault: 0, Unconfined: 1, Localhost: 2 })],
  localhostRef: [2, string],
})

const supplementalGroupsPolicy = enumOf({ Merge: 0, Strict: 1 })

const LinuxSandboxSecurityContext = message<cri.LinuxSandboxSecurityContext>({
  namespaceOptions: [1, NamespaceOptions],
  seLinuxOptions: [2, SeLinuxOptions],
  runAsUser: [3, wrapped(integer)],
  runAsGroup: [8, wrapped(integer)],
  readonlyRootfs: [4, optional(bool)],
  supplementalGroups: [5, optional(repeated(integer))],
  supplementalGroupsPolicy: [11, optional(supplementalGroupsPolicy)],
  privileged: [6, optional(bool)],
  seccomp: [9, SecurityProfile],
  apparmor: [10, SecurityProfile],
})

const HugepageLimit = message<cri.HugepageLimit>({ pageSize: [1, string], limit: [2, unsigned] })

export const LinuxContainerResources = message<cri.LinuxContainerResources>({
  cpuPeriod: [1, optional(integer)],
  cpuQuota: [2, optional(integer)],
  cpuShares: [3, optional(integer)],
  memoryLimitInBytes: [4, optional(integer)],
  oomScoreAdj: [5, optional(integer)],
  cpusetCpus: [6, optional(string)],
  cpusetMems: [7, optional(string)],
  hugepageLimits: [8, optional(repeated(HugepageLimit))],
  unified: [9, optional(stringMap)],
  memorySwapLimitInBytes: [10, optional(integer)],
})

const LinuxPodSandboxConfig = message<cri.LinuxPodSandboxConfig>({
  cgroupParent: [1, optional(string)],
  securityContext: [2, LinuxSandboxSecurityContext],
  sysctls: [3, optional(stringMap)],
  overhead: [4, LinuxContainerResources],
  resources: [5, LinuxContainerResources],
})

export const PodSandboxConfig = message<cri.PodSandboxConfig>({
  metadata: [1, present(PodSandboxMetadata)],
  hostname: [2, optional(string)],
  logDirectory: [3, optional(string)],
  dnsConfig: [4, DnsConfig],
  portMappings: [5, optional(repeated(PortMapping))],
  labels: [6, stringMap],
  annotations: [7, stringMap],
  linux: [8, LinuxPodSandboxConfig],
})

export const sandboxState = enumOf({ SANDBOX_READY: 0, SANDBOX_NOTREADY: 1 })

export const PodSandbox = message<cri.PodSandbox>({
  id: [1, string],
  metadata: [2, present(PodSandboxMetadata)],
  state: [3, sandboxState],
  createdAt: [4, integer],
  labels: [5, stringMap],
  annotations: [6, stringMap],
  runtimeHandler: [7, string],
})

export const ContainerMetadata = message<cri.ContainerMetadata>({
  name: [1, string],
  attempt: [2, unsigned],
})

export const ImageSpec = message<cri.ImageSpec>({
  image: [1, string],
  annotations: [2, optional(stringMap)],
  userSpecifiedImage: [18, optional(string)],
  runtimeHandler: [19, optional(string)],
})

const KeyValue = message<cri.EnvironmentVariable>({ key: [1, string], value: [2, string] })

export const Mount = message<cri.Mount>({
  containerPath: [1, string],
  hostPath: [2, string],
  readonly: [3, optional(bool)],
  seLinuxRelabel: [4, optional(bool)],
  propagation: [
    5,
    optional(
      enumOf({
        PROPAGATION_PRIVATE: 0,
        PROPAGATION_HOST_TO_CONTAINER: 1,
        PROPAGATION_BIDIRECTIONAL: 2,
      }),
    ),
  ],
  uidMappings: [6, optional(repeated(IdMapping))],
  gidMappings: [7, optional(repeated(IdMapping))],
  recursiveReadOnly: [8, optional(bool)],
  image: [9, ImageSpec],
  imageSubPath: [10, optional(string)],
})

const Device = message<cri.Device>({
  containerPath: [1, string],
  hostPath: [2, string],
  permissions: [3, string],
})

const Capabilities = message<cri.Capabilities>({ add: [1, repeated(string)], drop: [2, repeated(string)] })

const LinuxContainerSecurityContext = message<cri.LinuxContainerSecurityContext>({
  capabilities: [1, Capabilities],
  privileged: [2, optional(bool)],
  namespaceOptions: [3, NamespaceOptions],
  seLinuxOptions: [4, SeLinuxOptions],
  runAsUser: [5, wrapped(integer)],
  runAsGroup: [12, wrapped(integer)],
  runAsUsername: [6, optional(string)],
  readonlyRootfs: [7, optional(bool)],
  supplementalGroups: [8, optional(repeated(integer))],
  supplementalGroupsPolicy: [17, optional(supplementalGroupsPolicy)],
  noNewPrivileges: [11, optional(bool)],
  maskedPaths: [13, optional(repeated(string))],
  readonlyPaths: [14, optional(repeated(string))],
  seccomp: [15, SecurityProfile],
  apparmor: [16, SecurityProfile],
})

const LinuxContainerConfig = message<cri.LinuxContainerConfig>({
  resources: [1, LinuxContainerResources],
  securityContext: [2, LinuxContainerSecurityContext],
})

export const ContainerConfig = message<cri.ContainerConfig>({
  metadata: [1, present(ContainerMetadata)],
  image: [2, present(ImageSpec)],
  command: [3, optional(repeated(string))],
  args: [4, optional(repeated(string))],
  workingDir: [5, optional(string)],
  environment: [6, optional(repeated(KeyValue))],
  mounts: [7, optional(repeated(Mount))],
  devices: [8, optional(repeated(Device))],
  labels: [9, stringMap],
  annotations: [10, stringMap],
  logPath: [11, optional(string)],
  stdin: [12, optional(bool)],
  stdinOnce: [13, optional(bool)],
  tty: [14, optional(bool)],
  linux: [15, LinuxContainerConfig],
  stopSignal: [18, optional(signalName())],
})

export const containerState = enumOf({
  CONTAINER_CREATED: 0,
  CONTAINER_RUNNING: 1,
  CONTAINER_EXITED: 2,
  CONTAINER_UNKNOWN: 3,
})

export const Container = message<cri.Container>({
  id: [1, string],
  podSandboxId: [2, string],
  metadata: [3, present(ContainerMetadata)],
  imageRef: [5, string],
  state: [6, containerState],
  createdAt: [7, integer],
  labels: [8, stringMap],
  annotations: [9, stringMap],
})

export const ExecResult = message<cri.ExecResult>({
  stdout: [1, bytes],
  stderr: [2, bytes],
  exitCode: [3, integer],
})

export const RuntimeVersion = message<cri.RuntimeVersion>({
  version: [1, string],
  runtimeName: [2, string],
  runtimeVersion: [3, string],
  runtimeApiVersion: [4, string],
})

export const RuntimeCondition = message<cri.RuntimeCondition>({
  type: [1, string],
  status: [2, bool],
  reason: [3, string],
  message: [4, string],
})

export const Image = message<cri.Image>({
  id: [1, string],
  repoTags: [2, repeated(string)],
  repoDigests: [3, repeated(string)],
  sizeBytes: [4, unsigned],
  uid: [5, wrapped(integer)],
  username: [6, string],
  pinned: [8, bool],
})

export const RegistryAuth = message<cri.RegistryAuth>({
  username: [1, optional(string)],
  password: [2, optional(string)],
  auth: [3, optional(string)],
  serverAddress: [4, optional(string)],
  identityToken: [5, optional(string)],
  registryToken: [6, optional(string)],
})

/** CRI numbers signals by the alphabet; the contract speaks of them by name. */
function signalName() {
  const names = [
    "RUNTIME_DEFAULT SIGABRT SIGALRM SIGBUS SIGCHLD SIGCLD SIGCONT SIGFPE SIGHUP SIGILL SIGINT SIGIO SIGIOT SIGKILL",
    "SIGPIPE SIGPOLL SIGPROF SIGPWR SIGQUIT SIGSEGV SIGSTKFLT SIGSTOP SIGSYS SIGTERM SIGTRAP SIGTSTP SIGTTIN SIGTTOU",
    "SIGURG SIGUSR1 SIGUSR2 SIGVTALRM SIGWINCH SIGXCPU SIGXFSZ SIGRTMIN",
    ...Array.from({ length: 15 }, (_, index) => `SIGRTMINPLUS${index + 1}`),
    ...Array.from({ length: 14 }, (_, index) => `SIGRTMAXMINUS${14 - index}`),
    "SIGRTMAX",
  ]
    .join(" ")
    .split(" ")
  const numbers: Record<string, number> = {}
  for (const [number, name] of names.entries()) numbers[name] = number
  return enumOf(numbers)
}
