import { formatDuration, parseDuration } from "../../apimachinery/duration.ts"
import { labelValueProblems, qualifiedNameProblems } from "../../apimachinery/names.ts"
import { parseQuantity } from "../../apimachinery/quantity.ts"
import { quote } from "../../base/quote.ts"
import { parseThresholds } from "../eviction/thresholds.ts"
import { parseCpuSet } from "../resource-managers/cpu-set.ts"
import type { KubeletConfiguration } from "./kubelet-configuration.ts"
import { validateEnforcement } from "./validate-enforcement.ts"

/** What is wrong with a configuration whose defaults are filled in, in upstream's words and order. Pure. */
export function validateConfiguration(configuration: KubeletConfiguration): string[] {
  return [
    ...validateNumbers(configuration),
    ...validateTaints(configuration),
    ...validateChoices(configuration),
    ...validateShutdown(configuration),
    ...validateEnforcement(configuration),
    ...validateReservedMemory(configuration),
    ...validateLogs(configuration),
    ...validateTexts(configuration),
  ].map((problem) => (problem.startsWith("invalid taint") ? problem : `invalid configuration: ${problem}`))
}

function validateNumbers(configuration: KubeletConfiguration): string[] {
  const { imageGCHighThresholdPercent: high, imageGCLowThresholdPercent: low } = configuration
  const { maxParallelImagePulls, memoryThrottlingFactor: factor } = configuration
  const highName = "imageGCHighThresholdPercent (--image-gc-high-threshold)"
  const lowName = "imageGCLowThresholdPercent (--image-gc-low-threshold)"
  const period = parseDuration(configuration.cpuCFSQuotaPeriod)
  const minAge = parseDuration(configuration.imageMinimumGCAge)
  const maxAge = parseDuration(configuration.imageMaximumGCAge)
  const isPercent = (value: number) => value >= 0 && value <= 100
  const ages = [formatDuration(maxAge), formatDuration(minAge)] as const
  return problemsOf([
    [configuration.nodeLeaseDurationSeconds <= 0, "nodeLeaseDurationSeconds must be greater than 0"],
    [
      Boolean(configuration.systemCgroups) && !configuration.cgroupRoot,
      "systemCgroups (--system-cgroups) was specified and cgroupRoot (--cgroup-root) was not specified",
    ],
    negative("eventBurst (--event-burst)", configuration.eventBurst),
    negative("eventRecordQPS (--event-qps)", configuration.eventRecordQPS),
    port("healthzPort (--healthz-port)", configuration.healthzPort || 1, 1),
    [
      period < 1 || period > 1000,
      `cpuCFSQuotaPeriod (--cpu-cfs-quota-period) ${formatDuration(period)} must be between 1ms and 1sec, inclusive`,
    ],
    [!isPercent(high), `${highName} ${high} must be between 0 and 100, inclusive`],
    [!isPercent(low), `${lowName} ${low} must be between 0 and 100, inclusive`],
    [low >= high, `${lowName} ${low} must be less than ${highName} ${high}`],
    [minAge < 0, `imageMinimumGCAge ${ages[1]} must not be negative`],
    [maxAge < 0, `imageMaximumGCAge ${ages[0]} must not be negative`],
    [
      maxAge > 0 && maxAge <= minAge,
      `imageMaximumGCAge ${ages[0]} must be greater than imageMinimumGCAge ${ages[1]}`,
    ],
    bit("iptablesDropBit (--iptables-drop-bit)", configuration.iptablesDropBit),
    bit("iptablesMasqueradeBit (--iptables-masquerade-bit)", configuration.iptablesMasqueradeBit),
    negative("kubeAPIBurst (--kube-api-burst)", configuration.kubeAPIBurst),
    negative("kubeAPIQPS (--kube-api-qps)", configuration.kubeAPIQPS),
    [
      configuration.nodeStatusMaxImages < -1,
      `nodeStatusMaxImages (--node-status-max-images) ${configuration.nodeStatusMaxImages} must be -1 or greater`,
    ],
    negative("maxOpenFiles (--max-open-files)", configuration.maxOpenFiles),
    negative("maxPods (--max-pods)", configuration.maxPods),
    [
      Math.abs(configuration.oomScoreAdj) > 1000,
      `oomScoreAdj (--oom-score-adj) ${configuration.oomScoreAdj} must be between -1000 and 1000, inclusive`,
    ],
    negative("podsPerCore (--pods-per-core)", configuration.podsPerCore ?? 0),
    port("port (--port)", configuration.port, 1),
    port("readOnlyPort (--read-only-port)", configuration.readOnlyPort || 1, 0),
    negative("registryBurst (--registry-burst)", configuration.registryBurst),
    negative("registryPullQPS (--registry-qps)", configuration.registryPullQPS),
    [
      maxParallelImagePulls !== undefined && maxParallelImagePulls < 1,
      `maxParallelImagePulls ${maxParallelImagePulls} must be a positive number`,
    ],
    [
      configuration.serializeImagePulls && (maxParallelImagePulls ?? 1) > 1,
      "maxParallelImagePulls cannot be larger than 1 unless SerializeImagePulls (--serialize-image-pulls) is set to false",
    ],
    [
      Boolean(configuration.runOnce),
      `runOnce (--runOnce) ${configuration.runOnce}, Runonce mode has been deprecated and should not be set`,
    ],
    [
      factor <= 0 || factor > 1,
      `memoryThrottlingFactor ${factor} must be greater than 0 and less than or equal to 1.0`,
    ],
  ])
}

type Check = readonly [isWrong: boolean, problem: string]

function problemsOf(checks: readonly Check[]): string[] {
  return checks.flatMap(([isWrong, problem]) => (isWrong ? [problem] : []))
}

function negative(name: string, value: number): Check {
  return [value < 0, `${name} ${value} must not be a negative number`]
}

function port(name: string, value: number, least: 0 | 1): Check {
  return [value < 1 || value > 65_535, `${name} ${value} must be between ${least} and 65535, inclusive`]
}

function bit(name: string, value: number): Check {
  return [value < 0 || value > 31, `${name} ${value} must be between 0 and 31, inclusive`]
}

function validateTaints({ registerWithTaints = [] }: KubeletConfiguration): string[] {
  const effects: readonly string[] = ["", "NoSchedule", "PreferNoSchedule", "NoExecute"]
  return registerWithTaints.flatMap(({ key, value = "", effect, timeAdded }) =>
    problemsOf([
      [
        qualifiedNameProblems(key).length > 0 ||
          labelValueProblems(value).length > 0 ||
          !effects.includes(effect),
        `invalid taint: {${key} ${value} ${effect} ${timeAdded ?? "<nil>"}}`,
      ],
      [timeAdded !== undefined, "taint.TimeAdded is not nil"],
    ]),
  )
}

function validateChoices(configuration: KubeletConfiguration): string[] {
  const {
    topologyManagerPolicy: policy,
    topologyManagerScope: scope,
    hairpinMode,
    memorySwap,
  } = configuration
  const policies = ["none", "best-effort", "restricted", "single-numa-node"]
  const scopes = ["container", "pod"]
  const hairpinModes = ["none", "hairpin-veth", "promiscuous-bridge"]
  const swaps = ["", "LimitedSwap", "NoSwap"]
  const verifications = [
    "NeverVerify",
    "NeverVerifyPreloadedImages",
    "NeverVerifyAllowlistedImages",
    "AlwaysVerify",
  ]
  const swap = memorySwap?.swapBehavior ?? ""
  const verification = configuration.imagePullCredentialsVerificationPolicy
  return problemsOf([
    [
      !policies.includes(policy),
      `topologyManagerPolicy (--topology-manager-policy) ${quote(policy)} must be one of: [${policies.map(quote).join(" ")}]`,
    ],
    [
      !scopes.includes(scope),
      `topologyManagerScope (--topology-manager-scope) ${quote(scope)} must be one of: ${scopes.map(quote).join(", or ")}`,
    ],
    [
      !swaps.includes(swap),
      `memorySwap.swapBehavior ${quote(swap)} must be one of: "", "LimitedSwap" or "NoSwap"`,
    ],
    [
      !hairpinModes.includes(hairpinMode),
      `option ${quote(hairpinMode)} specified for hairpinMode (--hairpin-mode). Valid options are ${choice(hairpinModes)}`,
    ],
    [
      !verifications.includes(verification),
      `option ${quote(verification)} specified for imagePullCredentialsVerificationPolicy. Valid options are ${choice(verifications)}`,
    ],
  ])
}

/** `"a", "b" or "c"`. */
function choice(options: readonly string[]): string {
  const all = options.map(quote)
  return `${all.slice(0, -1).join(", ")} or ${all.at(-1)}`
}

function validateShutdown(configuration: KubeletConfiguration): string[] {
  const { shutdownGracePeriod: all, shutdownGracePeriodCriticalPods: critical } = configuration
  const [allMs, criticalMs] = [parseDuration(all), parseDuration(critical)]
  const isShort = (ms: number) => ms !== 0 && ms < 1000
  const isByPriority = (configuration.shutdownGracePeriodByPodPriority ?? []).length > 0
  const maxRestartMs = parseDuration(configuration.crashLoopBackOff.maxContainerRestartPeriod)
  return problemsOf([
    [criticalMs > allMs, `shutdownGracePeriodCriticalPods ${critical} must be <= shutdownGracePeriod ${all}`],
    [isShort(allMs), `shutdownGracePeriod ${all} must be either zero or otherwise >= 1 sec`],
    [
      isShort(criticalMs),
      `shutdownGracePeriodCriticalPods ${critical} must be either zero or otherwise >= 1 sec`,
    ],
    [
      isByPriority && (allMs > 0 || criticalMs > 0),
      "Cannot specify both shutdownGracePeriodByPodPriority and shutdownGracePeriod at the same time",
    ],
    [
      maxRestartMs < 1000 || maxRestartMs > 300_000,
      `CrashLoopBackOff.MaxContainerRestartPeriod (got: ${maxRestartMs / 1000} seconds) must be set between 1s and 300s`,
    ],
  ])
}

function validateReservedMemory({ reservedMemory = [] }: KubeletConfiguration): string[] {
  const seen = new Set<string>()
  return reservedMemory.flatMap(({ numaNode, limits }) =>
    Object.entries(limits ?? {}).flatMap(([name, amount]) => {
      const key = `${numaNode} ${name}`
      const isKnown = seen.has(key)
      seen.add(key)
      const at = `for NUMA node ${numaNode}`
      return problemsOf([
        [
          name !== "memory" && !name.startsWith("hugepages-"),
          `the limit type ${quote(name)} ${at} is not supported, only [memory hugepages-<HugePageSize>] is accepted`,
        ],
        [
          parseQuantity(amount).nanos === 0n,
          `reserved memory may not be zero ${at} and resource ${quote(name)}`,
        ],
        [isKnown, `the reserved memory has a duplicate value ${at} and resource ${quote(name)}`],
      ])
    }),
  )
}

function validateLogs(configuration: KubeletConfiguration): string[] {
  const { podLogsDir } = configuration
  const size = problemOf(() => parseQuantity(configuration.containerLogMaxSize))
  const named = `pod logs path ${quote(podLogsDir)}`
  const isClean = !/\/\/|\/\.{0,2}$|\/\.{1,2}\//.test(podLogsDir) || podLogsDir === "/"
  return problemsOf([
    [
      configuration.enableSystemLogQuery === true && !configuration.enableSystemLogHandler,
      "enableSystemLogHandler is required for enableSystemLogQuery",
    ],
    [configuration.containerLogMaxWorkers < 1, "containerLogMaxWorkers must be greater than or equal to 1"],
    [
      parseDuration(configuration.containerLogMonitorInterval) < 3000,
      "containerLogMonitorInterval must be a positive time duration greater than or equal to 3s",
    ],
    [configuration.containerLogMaxFiles <= 1, "containerLogMaxFiles must be greater than 1"],
    [size !== undefined, `containerLogMaxSize ${quote(configuration.containerLogMaxSize)}: ${size}`],
    [!podLogsDir.startsWith("/"), `${named} must be absolute path`],
    [!isClean, `${named} must be normalized`],
    [/[^\0-\x7f]/.test(podLogsDir), `${named} mut contains ASCII characters only`],
  ])
}

/** What upstream finds out later, when the parts are put together. */
function validateTexts(configuration: KubeletConfiguration): string[] {
  const { reservedSystemCPUs: reserved, systemReservedCgroup, kubeReservedCgroup } = configuration
  const thresholds = problemOf(() => parseThresholds(configuration))
  const cpus = reserved ? problemOf(() => parseCpuSet(reserved)) : undefined
  return problemsOf([
    [
      Boolean(reserved) && Boolean(systemReservedCgroup || kubeReservedCgroup),
      "can't use reservedSystemCPUs (--reserved-cpus) with systemReservedCgroup (--system-reserved-cgroup) or kubeReservedCgroup (--kube-reserved-cgroup)",
    ],
    [cpus !== undefined, `unable to parse reservedSystemCPUs (--reserved-cpus) ${reserved}, error: ${cpus}`],
    [thresholds !== undefined, `${thresholds}`],
    ...reservationProblems("kube", configuration.kubeReserved),
    ...reservationProblems("system", configuration.systemReserved),
  ])
}

function reservationProblems(whose: string, amounts: Readonly<Record<string, string>> = {}): Check[] {
  const known = ["cpu", "memory", "ephemeral-storage", "pid"]
  return Object.entries(amounts).map(([name, text]): Check => {
    const prefix = `--${whose}-reserved value failed to parse:`
    if (!known.includes(name)) return [true, `${prefix} cannot reserve ${quote(name)} resource`]
    const wrong = problemOf(() => parseQuantity(text))
    if (wrong !== undefined)
      return [true, `${prefix} failed to parse quantity ${quote(text)} for ${quote(name)} resource: ${wrong}`]
    return [
      parseQuantity(text).nanos < 0n,
      `${prefix} resource quantity for ${quote(name)} cannot be negative: ${text}`,
    ]
  })
}

function problemOf(work: () => unknown): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}
