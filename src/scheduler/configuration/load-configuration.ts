import { applyDefaults } from "../../apimachinery/defaulting.ts"
import {
  ConfigurationError,
  decodeConfiguration,
  refuseInvalid,
} from "../../apimachinery/decode-configuration.ts"
import { parseDuration } from "../../apimachinery/duration.ts"
import {
  duplicateValue,
  type FieldError,
  forbiddenValue,
  invalidValue,
  requiredValue,
} from "../../apimachinery/field-error.ts"
import { qualifiedNameProblems } from "../../apimachinery/names.ts"
import { decodeObject } from "../../apimachinery/structural.ts"
import { createHttpExtender, type ExtenderConfiguration, type PostJson } from "../extenders/http-extender.ts"
import type { SchedulerOptions } from "../scheduler.ts"
import { buildProfile } from "./build-profile.ts"
import { pluginKinds } from "./create-plugins.ts"
import { argsSchemas, type PluginArgs } from "./plugin-args.ts"
import {
  type ExtenderEntry,
  extensionPoints,
  KubeSchedulerConfiguration,
  type KubeSchedulerProfile,
  type PluginSet,
} from "./scheduler-configuration.ts"
import { validateArgs } from "./validate-args.ts"

export interface LoadedConfiguration {
  readonly options: Pick<SchedulerOptions, "profiles" | "extenders" | "initialBackoffMs" | "maxBackoffMs">
  readonly configuration: KubeSchedulerConfiguration
  /** What the file asks for that is without effect here. */
  readonly warnings: readonly string[]
}

/**
 * Reads the text of `--config`.
 *
 * @param path how the file is called in errors
 * @param postTo how extenders are reached
 * @throws ConfigurationError, in upstream's words
 */
export function loadConfiguration(
  text: string,
  path: string,
  postTo: (extender: ExtenderConfiguration) => PostJson,
): LoadedConfiguration {
  const configuration: KubeSchedulerConfiguration = decodeConfiguration(text, path, {
    group: "kubescheduler.config.k8s.io",
    versions: ["v1"],
    kind: "KubeSchedulerConfiguration",
    schema: KubeSchedulerConfiguration,
  })
  const profiles = withDefaultNames(configuration.profiles)
  const args = profiles.map((profile, index) => decodeArgs(profile, `${path}: profiles[${index}]`))
  refuseInvalid(path, [...validate(configuration), ...validateProfiles(profiles, args)])
  const extenders = (configuration.extenders ?? []).map((entry) => {
    const extender = toExtender(entry)
    return createHttpExtender(extender, postTo(extender))
  })
  const ignored = extenders.flatMap(({ ignoredResources }) => ignoredResources)
  return {
    configuration,
    options: {
      profiles: profiles.map(({ schedulerName, plugins = {}, percentageOfNodesToScore }, index) =>
        buildProfile(
          schedulerName!,
          plugins,
          args[index]!,
          percentageOfNodesToScore ?? configuration.percentageOfNodesToScore ?? 0,
          ignored,
        ),
      ),
      extenders,
      initialBackoffMs: (configuration.podInitialBackoffSeconds ?? 1) * 1000,
      maxBackoffMs: (configuration.podMaxBackoffSeconds ?? 10) * 1000,
    },
    warnings: warningsOf(configuration),
  }
}

function withDefaultNames(declared: readonly KubeSchedulerProfile[] = []): KubeSchedulerProfile[] {
  const profiles = declared.length ? declared : [{ pluginConfig: [] }]
  return profiles.map((profile) =>
    profiles.length === 1
      ? { ...profile, schedulerName: profile.schedulerName ?? "default-scheduler" }
      : profile,
  )
}

/** Arguments are objects of kinds of their own. */
function decodeArgs({ pluginConfig = [] }: KubeSchedulerProfile, path: string): PluginArgs {
  const decoded: Record<string, unknown> = {}
  for (const [index, { name, args }] of pluginConfig.entries()) {
    const schema = argsSchemas[name as keyof typeof argsSchemas]
    if (!schema || !args) continue
    const { apiVersion: _, kind = `${name}Args`, ...fields } = args as Record<string, unknown>
    const at = `${path}.pluginConfig[${index}].args`
    if (kind !== `${name}Args`) throw new ConfigurationError(`${at}: Invalid value: has to match plugin args`)
    const errors: string[] = []
    try {
      decoded[name] = applyDefaults(schema, decodeObject(schema, fields, errors))
    } catch (error) {
      throw new ConfigurationError(`${at}: ${(error as Error).message}`)
    }
    if (errors.length) throw new ConfigurationError(`${at}: strict decoding error: ${errors.join(", ")}`)
  }
  return decoded
}

function validate(configuration: KubeSchedulerConfiguration): FieldError[] {
  const { parallelism = 16, percentageOfNodesToScore: percentage = 0, leaderElection } = configuration
  const { podInitialBackoffSeconds: initial = 1, podMaxBackoffSeconds: max = 10 } = configuration
  const errors: FieldError[] = []
  const lock = leaderElection?.resourceLock ?? "leases"
  if (leaderElection?.leaderElect !== false && lock !== "leases")
    errors.push(invalidValue("leaderElection.resourceLock", lock, 'resourceLock value must be "leases"'))
  if (parallelism <= 0)
    errors.push(invalidValue("parallelism", parallelism, "should be an integer value greater than zero"))
  errors.push(...validatePercentage(percentage, "percentageOfNodesToScore"))
  if (initial <= 0) errors.push(invalidValue("podInitialBackoffSeconds", initial, "must be greater than 0"))
  if (max < initial) {
    const detail = "must be greater than or equal to PodInitialBackoffSeconds"
    errors.push(invalidValue("podMaxBackoffSeconds", max, detail))
  }
  return [...errors, ...validateExtenders(configuration.extenders ?? [])]
}

function validatePercentage(percentage: number | undefined, path: string): FieldError[] {
  return percentage !== undefined && (percentage < 0 || percentage > 100)
    ? [invalidValue(path, percentage, "not in valid range [0-100]")]
    : []
}

function validateProfiles(
  profiles: readonly KubeSchedulerProfile[],
  args: readonly PluginArgs[],
): FieldError[] {
  const seen = new Map<string, number>()
  return profiles.flatMap((profile, index) => {
    const path = `profiles[${index}]`
    const { schedulerName = "", plugins = {}, pluginConfig = [], percentageOfNodesToScore } = profile
    const errors: FieldError[] = []
    if (!schedulerName) errors.push(requiredValue(`${path}.schedulerName`))
    const other = seen.get(schedulerName)
    if (other !== undefined)
      errors.push(duplicateValue(`${path}.schedulerName`, `profiles[${other}].schedulerName`))
    seen.set(schedulerName, index)
    errors.push(...validatePercentage(percentageOfNodesToScore, `${path}.percentageOfNodesToScore`))
    for (const point of [...extensionPoints, "multiPoint"] as const)
      errors.push(...validateSet(plugins[point], point, `${path}.plugins.${point}`))
    pluginConfig.forEach(({ name }, position) => {
      if (pluginConfig.findIndex((each) => each.name === name) < position)
        errors.push(duplicateValue(`${path}.pluginConfig[${position}]`, name))
    })
    return [...errors, ...validateArgs(args[index]!, `${path}.pluginConfig.args`)]
  })
}

/** Points that go together here: who takes part in one does in the other. */
const bound: Readonly<Record<string, string>> = {
  preFilter: "filter",
  preScore: "score",
  permit: "reserve",
  preBind: "reserve",
}

function validateSet(set: PluginSet | undefined, point: string, path: string): FieldError[] {
  const errors: FieldError[] = []
  for (const [index, { name }] of (set?.enabled ?? []).entries()) {
    if (!pluginKinds.some((kind) => kind.name === name))
      errors.push(invalidValue(`${path}.enabled[${index}]`, name, `plugin "${name}" does not exist`))
  }
  if (set && bound[point] && (set.enabled?.length || set.disabled?.length))
    errors.push(forbiddenValue(path, `plugins take part in it as they do in ${bound[point]}: say it there`))
  if (set?.disabled?.length && (point === "queueSort" || point === "bind") && !set.enabled?.length)
    errors.push(requiredValue(path, `at least one ${point} plugin is needed for a profile`))
  return errors
}

function validateExtenders(extenders: readonly ExtenderEntry[]): FieldError[] {
  const errors: FieldError[] = []
  const managed = new Set<string>()
  for (const [index, { prioritizeVerb, weight = 0, managedResources = [] }] of extenders.entries()) {
    const path = `extenders[${index}]`
    if (prioritizeVerb && weight <= 0)
      errors.push(invalidValue(`${path}.weight`, weight, "must have a positive weight applied to it"))
    for (const [position, { name }] of managedResources.entries()) {
      const at = `${path}.managedResources[${position}].name`
      const problems = qualifiedNameProblems(name)
      errors.push(...problems.map((problem) => invalidValue(at, name, problem)))
      if (problems.length === 0 && (!name.includes("/") || name.includes("kubernetes.io/")))
        errors.push(invalidValue(at, name, "is an invalid extended resource name"))
      if (managed.has(name)) errors.push(invalidValue(at, name, "duplicate extender managed resource name"))
      managed.add(name)
    }
  }
  const binders = extenders.filter(({ bindVerb }) => bindVerb).length
  if (binders > 1)
    errors.push(
      invalidValue(
        "extenders",
        `found ${binders} extenders implementing bind`,
        "only one extender can implement bind",
      ),
    )
  return errors
}

function toExtender({ httpTimeout, ...entry }: ExtenderEntry): ExtenderConfiguration {
  return {
    ...(entry as Omit<ExtenderConfiguration, "httpTimeoutMs">),
    ...(httpTimeout && { httpTimeoutMs: parseDuration(httpTimeout) }),
  }
}

function warningsOf({
  parallelism,
  clientConnection,
  enableContentionProfiling,
}: KubeSchedulerConfiguration): string[] {
  const without = (what: string, why: string) => `${what} is without effect: ${why}`
  return [
    ...(parallelism ? [without("parallelism", "nodes are looked at by one thread")] : []),
    ...(clientConnection?.qps || clientConnection?.burst
      ? [without("clientConnection.qps", "the client does not hold requests back")]
      : []),
    ...(clientConnection?.kubeconfig
      ? [without("clientConnection.kubeconfig", "--kubeconfig says where the cluster is")]
      : []),
    ...(enableContentionProfiling ? [without("enableContentionProfiling", "nothing contends")] : []),
  ]
}
