import {
  always,
  bool,
  duration,
  field,
  type Infer,
  int32,
  int64,
  list,
  message,
  optional,
  rawExtension,
  string,
} from "../../apimachinery/schema.ts"

// The file of `--config` (https://kubernetes.io/docs/reference/config-api/kube-scheduler-config.v1/).

const Plugin = message("Plugin", { name: always(1, string), weight: optional(2, int32) })
export interface PluginEntry extends Infer<typeof Plugin> {}

const PluginSet = message("PluginSet", { enabled: field(1, list(Plugin)), disabled: field(2, list(Plugin)) })
export interface PluginSet extends Infer<typeof PluginSet> {}

export const extensionPoints = [
  "preEnqueue",
  "queueSort",
  "preFilter",
  "filter",
  "postFilter",
  "preScore",
  "score",
  "reserve",
  "permit",
  "preBind",
  "bind",
  "postBind",
] as const
export type ExtensionPoint = (typeof extensionPoints)[number]

const Plugins = message("Plugins", {
  preEnqueue: optional(1, PluginSet),
  queueSort: optional(2, PluginSet),
  preFilter: optional(3, PluginSet),
  filter: optional(4, PluginSet),
  postFilter: optional(5, PluginSet),
  preScore: optional(6, PluginSet),
  score: optional(7, PluginSet),
  reserve: optional(8, PluginSet),
  permit: optional(9, PluginSet),
  preBind: optional(10, PluginSet),
  bind: optional(11, PluginSet),
  postBind: optional(12, PluginSet),
  multiPoint: optional(13, PluginSet),
})
export interface Plugins extends Infer<typeof Plugins> {}

const PluginConfig = message("PluginConfig", { name: always(1, string), args: optional(2, rawExtension) })
export interface PluginConfig extends Infer<typeof PluginConfig> {}

const KubeSchedulerProfile = message("KubeSchedulerProfile", {
  schedulerName: optional(1, string),
  percentageOfNodesToScore: optional(2, int32),
  plugins: optional(3, Plugins),
  pluginConfig: field(4, list(PluginConfig)),
})
export interface KubeSchedulerProfile extends Infer<typeof KubeSchedulerProfile> {}

const ExtenderTLSConfig = message("ExtenderTLSConfig", {
  insecure: optional(1, bool),
  serverName: optional(2, string),
  certFile: optional(3, string),
  keyFile: optional(4, string),
  caFile: optional(5, string),
  certData: optional(6, string),
  keyData: optional(7, string),
  caData: optional(8, string),
})

const ExtenderManagedResource = message("ExtenderManagedResource", {
  name: always(1, string),
  ignoredByScheduler: optional(2, bool),
})

const Extender = message("Extender", {
  urlPrefix: always(1, string),
  filterVerb: optional(2, string),
  preemptVerb: optional(3, string),
  prioritizeVerb: optional(4, string),
  weight: optional(5, int64),
  bindVerb: optional(6, string),
  enableHTTPS: optional(7, bool),
  tlsConfig: optional(8, ExtenderTLSConfig),
  httpTimeout: optional(9, duration),
  nodeCacheCapable: optional(10, bool),
  managedResources: optional(11, list(ExtenderManagedResource)),
  ignorable: optional(12, bool),
})
export interface ExtenderEntry extends Infer<typeof Extender> {}

const LeaderElectionConfiguration = message("LeaderElectionConfiguration", {
  leaderElect: optional(1, bool),
  leaseDuration: optional(2, duration),
  renewDeadline: optional(3, duration),
  retryPeriod: optional(4, duration),
  resourceLock: optional(5, string),
  resourceName: optional(6, string),
  resourceNamespace: optional(7, string),
})

const ClientConnectionConfiguration = message("ClientConnectionConfiguration", {
  kubeconfig: optional(1, string),
  acceptContentTypes: optional(2, string),
  contentType: optional(3, string),
  qps: optional(4, int32),
  burst: optional(5, int32),
})

export const KubeSchedulerConfiguration = message("KubeSchedulerConfiguration", {
  parallelism: optional(1, int32),
  leaderElection: optional(2, LeaderElectionConfiguration),
  clientConnection: optional(3, ClientConnectionConfiguration),
  enableProfiling: optional(4, bool),
  enableContentionProfiling: optional(5, bool),
  percentageOfNodesToScore: optional(6, int32),
  podInitialBackoffSeconds: optional(7, int64),
  podMaxBackoffSeconds: optional(8, int64),
  profiles: field(9, list(KubeSchedulerProfile)),
  extenders: field(10, list(Extender)),
  delayCacheUntilActive: optional(11, bool),
})
export interface KubeSchedulerConfiguration extends Infer<typeof KubeSchedulerConfiguration> {}
