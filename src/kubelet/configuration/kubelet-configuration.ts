import { ResourceList } from "../../api/core/v1/resource-requirements.ts"
import { Taint } from "../../api/core/v1/toleration.ts"
import {
  always,
  bool,
  double,
  duration,
  field,
  type Infer,
  int32,
  int64,
  list,
  mapOf,
  message,
  optional,
  rawExtension,
  string,
} from "../../apimachinery/schema.ts"

// The file of `--config`, with upstream's defaults (https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/).
// What is not honoured is named in without-effect.ts.

const KubeletAuthentication = message("KubeletAuthentication", {
  x509: field(1, message("KubeletX509Authentication", { clientCAFile: field(1, string) }), { default: {} }),
  webhook: field(
    2,
    message("KubeletWebhookAuthentication", {
      enabled: optional(1, bool, { default: true }),
      cacheTTL: field(2, duration, { default: "2m0s" }),
    }),
    { default: {} },
  ),
  anonymous: field(
    3,
    message("KubeletAnonymousAuthentication", { enabled: optional(1, bool, { default: false }) }),
    { default: {} },
  ),
})

const KubeletAuthorization = message("KubeletAuthorization", {
  mode: field(1, string, { default: "Webhook" }),
  webhook: field(
    2,
    message("KubeletWebhookAuthorization", {
      cacheAuthorizedTTL: field(1, duration, { default: "5m0s" }),
      cacheUnauthorizedTTL: field(2, duration, { default: "30s" }),
    }),
    { default: {} },
  ),
})

const MemoryReservation = message("MemoryReservation", {
  numaNode: always(1, int32),
  limits: always(2, ResourceList),
})
export interface MemoryReservation extends Infer<typeof MemoryReservation> {}

const ShutdownGracePeriodByPodPriority = message("ShutdownGracePeriodByPodPriority", {
  priority: always(1, int32),
  shutdownGracePeriodSeconds: always(2, int64),
})
export interface ShutdownGracePeriodByPodPriority extends Infer<typeof ShutdownGracePeriodByPodPriority> {}

const LoggingConfiguration = message("LoggingConfiguration", {
  format: field(1, string, { default: "text" }),
  flushFrequency: optional(2, rawExtension),
  verbosity: field(3, int64),
  vmodule: field(4, list(rawExtension)),
  options: optional(5, rawExtension),
})

const TracingConfiguration = message("TracingConfiguration", {
  endpoint: optional(1, string),
  samplingRatePerMillion: optional(2, int32),
})

const texts = mapOf(string)

/** Upstream's on Linux. */
export const defaultEvictionHard: Readonly<Record<string, string>> = {
  "memory.available": "100Mi",
  "nodefs.available": "10%",
  "nodefs.inodesFree": "5%",
  "imagefs.available": "15%",
  "imagefs.inodesFree": "5%",
}

export const KubeletConfiguration = message("KubeletConfiguration", {
  enableServer: optional(1, bool, { default: true }),
  staticPodPath: field(2, string),
  podLogsDir: field(3, string, { default: "/var/log/pods" }),
  syncFrequency: field(4, duration, { default: "1m0s" }),
  fileCheckFrequency: field(5, duration, { default: "20s" }),
  httpCheckFrequency: field(6, duration, { default: "20s" }),
  staticPodURL: field(7, string),
  staticPodURLHeader: field(8, mapOf(list(string))),
  address: field(9, string, { default: "0.0.0.0" }),
  port: field(10, int32, { default: 10_250 }),
  readOnlyPort: field(11, int32),
  tlsCertFile: field(12, string),
  tlsPrivateKeyFile: field(13, string),
  tlsCipherSuites: field(14, list(string)),
  tlsCurvePreferences: field(15, list(int32)),
  tlsMinVersion: field(16, string),
  rotateCertificates: field(17, bool),
  serverTLSBootstrap: field(18, bool),
  authentication: field(19, KubeletAuthentication, { default: {} }),
  authorization: field(20, KubeletAuthorization, { default: {} }),
  registryPullQPS: optional(21, int32, { default: 5 }),
  registryBurst: field(22, int32, { default: 10 }),
  imagePullCredentialsVerificationPolicy: field(23, string, { default: "NeverVerifyPreloadedImages" }),
  preloadedImagesVerificationAllowlist: field(24, list(string)),
  eventRecordQPS: optional(25, int32, { default: 50 }),
  eventBurst: field(26, int32, { default: 100 }),
  enableDebuggingHandlers: optional(27, bool, { default: true }),
  enableContentionProfiling: field(28, bool),
  healthzPort: optional(29, int32, { default: 10_248 }),
  healthzBindAddress: field(30, string, { default: "127.0.0.1" }),
  oomScoreAdj: optional(31, int32, { default: -999 }),
  clusterDomain: field(32, string),
  clusterDNS: field(33, list(string)),
  streamingConnectionIdleTimeout: field(34, duration, { default: "4h0m0s" }),
  nodeStatusUpdateFrequency: field(35, duration, { default: "10s" }),
  nodeStatusReportFrequency: field(36, duration, { default: "5m0s" }),
  nodeLeaseDurationSeconds: field(37, int32, { default: 40 }),
  imageMinimumGCAge: field(38, duration, { default: "2m0s" }),
  imageMaximumGCAge: field(39, duration, { default: "0s" }),
  imageGCHighThresholdPercent: optional(40, int32, { default: 85 }),
  imageGCLowThresholdPercent: optional(41, int32, { default: 80 }),
  volumeStatsAggPeriod: field(42, duration, { default: "1m0s" }),
  kubeletCgroups: field(43, string),
  systemCgroups: field(44, string),
  cgroupRoot: field(45, string),
  cgroupsPerQOS: optional(46, bool, { default: true }),
  cgroupDriver: field(47, string, { default: "cgroupfs" }),
  cpuManagerPolicy: field(48, string, { default: "none" }),
  singleProcessOOMKill: optional(49, bool),
  cpuManagerPolicyOptions: field(50, texts),
  cpuManagerReconcilePeriod: field(51, duration, { default: "10s" }),
  memoryManagerPolicy: field(52, string, { default: "None" }),
  topologyManagerPolicy: field(53, string, { default: "none" }),
  topologyManagerScope: field(54, string, { default: "container" }),
  topologyManagerPolicyOptions: field(55, texts),
  qosReserved: field(56, texts),
  runtimeRequestTimeout: field(57, duration, { default: "2m0s" }),
  hairpinMode: field(58, string, { default: "promiscuous-bridge" }),
  maxPods: field(59, int32, { default: 110 }),
  podCIDR: field(60, string),
  podPidsLimit: optional(61, int64, { default: -1 }),
  resolvConf: optional(62, string, { default: "/etc/resolv.conf" }),
  runOnce: field(63, bool),
  cpuCFSQuota: optional(64, bool, { default: true }),
  cpuCFSQuotaPeriod: optional(65, duration, { default: "100ms" }),
  nodeStatusMaxImages: optional(66, int32, { default: 50 }),
  maxOpenFiles: field(67, int64, { default: 1_000_000 }),
  contentType: field(68, string, { default: "application/vnd.kubernetes.protobuf" }),
  kubeAPIQPS: optional(69, int32, { default: 50 }),
  kubeAPIBurst: field(70, int32, { default: 100 }),
  serializeImagePulls: optional(71, bool, { default: true }),
  maxParallelImagePulls: optional(72, int32),
  evictionHard: optional(73, texts, { default: defaultEvictionHard }),
  evictionSoft: field(74, texts),
  evictionSoftGracePeriod: field(75, texts),
  evictionPressureTransitionPeriod: field(76, duration, { default: "5m0s" }),
  evictionMaxPodGracePeriod: field(77, int32),
  evictionMinimumReclaim: field(78, texts),
  mergeDefaultEvictionSettings: optional(79, bool, { default: false }),
  podsPerCore: field(80, int32),
  enableControllerAttachDetach: optional(81, bool, { default: true }),
  protectKernelDefaults: field(82, bool),
  makeIPTablesUtilChains: optional(83, bool, { default: true }),
  iptablesMasqueradeBit: optional(84, int32, { default: 14 }),
  iptablesDropBit: optional(85, int32, { default: 15 }),
  featureGates: field(86, mapOf(bool)),
  failSwapOn: optional(87, bool, { default: true }),
  memorySwap: field(88, message("MemorySwapConfiguration", { swapBehavior: field(1, string) })),
  containerLogMaxSize: field(89, string, { default: "10Mi" }),
  containerLogMaxFiles: optional(90, int32, { default: 5 }),
  containerLogMaxWorkers: optional(91, int32, { default: 1 }),
  containerLogMonitorInterval: optional(92, duration, { default: "10s" }),
  configMapAndSecretChangeDetectionStrategy: field(93, string, { default: "Watch" }),
  systemReserved: field(94, texts),
  kubeReserved: field(95, texts),
  reservedSystemCPUs: field(96, string),
  showHiddenMetricsForVersion: field(97, string),
  systemReservedCgroup: field(98, string),
  kubeReservedCgroup: field(99, string),
  enforceNodeAllocatable: optional(100, list(string), { default: ["pods"] }),
  allowedUnsafeSysctls: field(101, list(string)),
  volumePluginDir: field(102, string, {
    default: "/usr/libexec/kubernetes/kubelet-plugins/volume/exec/",
  }),
  providerID: field(103, string),
  kernelMemcgNotification: field(104, bool),
  logging: field(105, LoggingConfiguration),
  enableSystemLogHandler: optional(106, bool, { default: true }),
  enableSystemLogQuery: optional(107, bool),
  shutdownGracePeriod: field(108, duration, { default: "0s" }),
  shutdownGracePeriodCriticalPods: field(109, duration, { default: "0s" }),
  shutdownGracePeriodByPodPriority: field(110, list(ShutdownGracePeriodByPodPriority)),
  crashLoopBackOff: field(
    111,
    message("CrashLoopBackOffConfig", {
      maxContainerRestartPeriod: optional(1, duration, { default: "5m0s" }),
    }),
    { default: {} },
  ),
  reservedMemory: field(112, list(MemoryReservation)),
  enableProfilingHandler: optional(113, bool, { default: true }),
  enableDebugFlagsHandler: optional(114, bool, { default: true }),
  seccompDefault: optional(115, bool, { default: false }),
  memoryThrottlingFactor: optional(116, double, { default: 0.9 }),
  memoryReservationPolicy: field(117, string, { default: "None" }),
  registerWithTaints: field(118, list(Taint)),
  registerNode: optional(119, bool, { default: true }),
  tracing: optional(120, TracingConfiguration),
  localStorageCapacityIsolation: optional(121, bool, { default: true }),
  containerRuntimeEndpoint: field(122, string, {
    default: "unix:///run/containerd/containerd.sock",
  }),
  imageServiceEndpoint: field(123, string),
  failCgroupV1: optional(124, bool, { default: true }),
  userNamespaces: optional(125, message("UserNamespaces", { idsPerPod: optional(1, int64) })),
})
export interface KubeletConfiguration extends Infer<typeof KubeletConfiguration> {}
