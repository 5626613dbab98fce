import { jsonEqual } from "../../apimachinery/json-equal.ts"
import { quote } from "../../base/quote.ts"
import { defaultConfiguration } from "./default-configuration.ts"
import type { KubeletConfiguration } from "./kubelet-configuration.ts"

type FieldName = keyof KubeletConfiguration

/**
 * Fields that this kubelet knows and cannot follow, with the reason. Asked for something other than the default, they are
 * warned of: the kubelet works, only not like that.
 */
const ignored: { readonly [Name in FieldName]?: string } = {
  syncFrequency: "pods are looked at when something about them changes",
  fileCheckFrequency: "changed manifests are noticed at once",
  httpCheckFrequency: "no manifests are fetched over HTTP",
  rotateCertificates: "certificates are renewed by what runs the kubelet",
  serverTLSBootstrap: "certificates are renewed by what runs the kubelet",
  eventRecordQPS: "events have a limit of their own for each source",
  eventBurst: "events have a limit of their own for each source",
  registryPullQPS: "pulls are limited by how many there are at once",
  registryBurst: "pulls are limited by how many there are at once",
  containerLogMaxWorkers: "logs are rotated one after the other",
  crashLoopBackOff: "containers that keep ending wait as long as in every cluster",
  volumeStatsAggPeriod: "volumes are counted when somebody asks, once a minute at most",
  enableContentionProfiling: "there is nothing to contend for",
  streamingConnectionIdleTimeout: "streams are closed by the container runtime",
  kubeletCgroups: "the kubelet stays in the control group that it was started in",
  systemCgroups: "other processes stay in their control groups",
  qosReserved: "memory is not reserved for a quality of service",
  runtimeRequestTimeout: "requests to the container runtime have limits of their own",
  hairpinMode: "the network plugin connects pods",
  podCIDR: "the network plugin gives pods their addresses",
  maxOpenFiles: "a process cannot raise this for itself",
  contentType: "the kubelet speaks JSON",
  kubeAPIQPS: "requests to the API server are not limited here",
  kubeAPIBurst: "requests to the API server are not limited here",
  makeIPTablesUtilChains: "the kubelet makes no rules",
  iptablesMasqueradeBit: "the kubelet makes no rules",
  iptablesDropBit: "the kubelet makes no rules",
  configMapAndSecretChangeDetectionStrategy: "what volumes show is always watched",
  showHiddenMetricsForVersion: "no metrics are hidden",
  volumePluginDir: "there are no FlexVolumes",
  kernelMemcgNotification: "memory is looked at every 10 s",
  logging: "see --verbose",
  enableDebugFlagsHandler: "there are no flags to set",
  memoryThrottlingFactor: "memory.high is not set",
  memoryReservationPolicy: "memory.min is not set",
  tracing: "nothing is traced",
}

/** Fields that somebody relies on when they set them: a kubelet that did not follow them would be another one. */
const refused: { readonly [Name in FieldName]?: string } = {
  staticPodURL: "manifests are read from files alone (staticPodPath)",
  staticPodURLHeader: "manifests are read from files alone (staticPodPath)",
  tlsCurvePreferences: "curves cannot be chosen",
  tlsCipherSuites: "ciphers cannot be chosen",
  readOnlyPort: "everybody is asked who they are",
  preloadedImagesVerificationAllowlist: "who may use an image is not remembered",
  cgroupsPerQOS: "pods have control groups by their quality of service",
  cgroupDriver: "control groups are made without systemd (cgroupfs)",
  enableControllerAttachDetach: "volumes are attached by the controller",
  protectKernelDefaults: "the kernel's settings are not looked at",
}

/** Values that are refused of fields that are honoured otherwise. */
const refusedValues: { readonly [Name in FieldName]?: (value: never) => string | undefined } = {
  imagePullCredentialsVerificationPolicy: (value: string) =>
    value === "AlwaysVerify" || value === "NeverVerifyAllowlistedImages"
      ? `${quote(value)} is not supported: who may use an image is not remembered`
      : undefined,
}

/**
 * What of a file cannot be followed. `given` has what the file says, decoded, without defaults. Pure.
 */
export function findWithoutEffect(given: Partial<KubeletConfiguration>): {
  readonly warnings: readonly string[]
  readonly refusals: readonly string[]
} {
  const asks = (name: FieldName) => given[name] !== undefined && !isUsual(name, given[name])
  const warnings = named(ignored).flatMap(([name, why]) =>
    asks(name) ? [`${name} is without effect: ${why}`] : [],
  )
  for (const gate of Object.keys(given.featureGates ?? {}))
    warnings.push(`featureGates: ${gate} is without effect: features are as in a release without it`)
  if (given.imagePullCredentialsVerificationPolicy === "NeverVerifyPreloadedImages")
    warnings.push(
      "imagePullCredentialsVerificationPolicy is without effect: an image that was pulled may be used by every pod",
    )
  const refusals = named(refused).flatMap(([name, why]) =>
    asks(name) ? [`${name} is not supported: ${why}`] : [],
  )
  for (const [name, judge] of named(refusedValues)) {
    const why = given[name] !== undefined && (judge as (value: unknown) => string | undefined)(given[name])
    if (why) refusals.push(`${name}: ${why}`)
  }
  return { warnings, refusals }
}

function named<T>(table: { readonly [Name in FieldName]?: T }): [FieldName, T][] {
  return Object.entries(table) as [FieldName, T][]
}

/** What anybody has who does not mean anything by it: nothing, or the default. */
function isUsual(name: FieldName, value: unknown): boolean {
  const fallback: unknown = defaultConfiguration()[name]
  if (jsonEqual(value, fallback)) return true
  if (value === "" || value === 0 || value === "0s") return true
  if (value === false) return fallback !== true
  return typeof value === "object" && isEmpty(value)
}

/** Nothing but zeros in it, as what a tool writes out in full: `logging: {verbosity: 0}`. */
function isEmpty(value: unknown): boolean {
  if (value === null || value === "" || value === 0 || value === "0" || value === "0s" || value === false)
    return true
  return typeof value === "object" && Object.values(value).every(isEmpty)
}
