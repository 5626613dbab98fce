import {
  bool,
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

// The file of `--config` (https://kubernetes.io/docs/reference/config-api/kube-proxy-config.v1alpha1/). What is not honoured is
// named in without-effect.ts.

const ClientConnection = message("ClientConnectionConfiguration", {
  kubeconfig: field(1, string),
  acceptContentTypes: field(2, string),
  contentType: field(3, string),
  qps: optional(4, rawExtension),
  burst: field(5, int32),
})

const NftablesConfiguration = message("KubeProxyNFTablesConfiguration", {
  masqueradeBit: optional(1, int32),
  masqueradeAll: field(2, bool),
  syncPeriod: field(3, duration),
  minSyncPeriod: field(4, duration),
})

const ConntrackConfiguration = message("KubeProxyConntrackConfiguration", {
  maxPerCore: optional(1, int32),
  min: optional(2, int32),
  tcpEstablishedTimeout: optional(3, duration),
  tcpCloseWaitTimeout: optional(4, duration),
  tcpBeLiberal: field(5, bool),
  udpTimeout: field(6, duration),
  udpStreamTimeout: field(7, duration),
})
export interface ConntrackConfiguration extends Infer<typeof ConntrackConfiguration> {}

const DetectLocal = message("DetectLocalConfiguration", {
  bridgeInterface: field(1, string),
  interfaceNamePrefix: field(2, string),
})

const LoggingConfiguration = message("LoggingConfiguration", {
  format: field(1, string),
  flushFrequency: optional(2, rawExtension),
  verbosity: field(3, int64),
  vmodule: field(4, list(rawExtension)),
  options: optional(5, rawExtension),
})

// The modes that there are not here: their settings are nobody's.
const IptablesConfiguration = message("KubeProxyIPTablesConfiguration", {
  masqueradeBit: optional(1, int32),
  masqueradeAll: field(2, bool),
  localhostNodePorts: optional(3, bool),
  syncPeriod: field(4, duration),
  minSyncPeriod: field(5, duration),
})

const IpvsConfiguration = message("KubeProxyIPVSConfiguration", {
  syncPeriod: field(1, duration),
  minSyncPeriod: field(2, duration),
  scheduler: field(3, string),
  excludeCIDRs: field(4, list(string)),
  strictARP: field(5, bool),
  tcpTimeout: field(6, duration),
  tcpFinTimeout: field(7, duration),
  udpTimeout: field(8, duration),
})

const WinkernelConfiguration = message("KubeProxyWinkernelConfiguration", {
  networkName: field(1, string),
  sourceVip: field(2, string),
  enableDSR: field(3, bool),
  rootHnsEndpointName: field(4, string),
  forwardHealthCheckVip: field(5, bool),
})

export const ProxyConfiguration = message("KubeProxyConfiguration", {
  featureGates: optional(1, mapOf(bool)),
  clientConnection: optional(2, ClientConnection),
  logging: optional(3, LoggingConfiguration),
  hostnameOverride: field(4, string),
  bindAddress: field(5, string),
  healthzBindAddress: field(6, string),
  metricsBindAddress: field(7, string),
  bindAddressHardFail: field(8, bool),
  enableProfiling: field(9, bool),
  showHiddenMetricsForVersion: field(10, string),
  mode: field(11, string),
  iptables: optional(12, IptablesConfiguration),
  ipvs: optional(13, IpvsConfiguration),
  nftables: optional(14, NftablesConfiguration),
  winkernel: optional(15, WinkernelConfiguration),
  detectLocalMode: field(16, string),
  detectLocal: optional(17, DetectLocal),
  clusterCIDR: field(18, string),
  nodePortAddresses: field(19, list(string)),
  oomScoreAdj: optional(20, int32),
  conntrack: optional(21, ConntrackConfiguration),
  configSyncPeriod: field(22, duration),
  portRange: field(23, string),
  windowsRunAsService: field(24, bool),
})
export interface ProxyConfiguration extends Infer<typeof ProxyConfiguration> {}
