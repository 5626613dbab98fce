import { ConfigurationError, decodeGivenFields } from "../../apimachinery/decode-configuration.ts"
import { parseYaml } from "../../apimachinery/codec/yaml.ts"
import { applyMergePatch } from "../../apimachinery/patch/merge-patch.ts"
import { isRecord, type JsonRecord } from "../../apimachinery/schema-plan.ts"
import { defaultConfiguration } from "./default-configuration.ts"
import { KubeletConfiguration } from "./kubelet-configuration.ts"
import { validateConfiguration } from "./validate-configuration.ts"
import { findWithoutEffect } from "./without-effect.ts"

export interface LoadedConfiguration {
  readonly configuration: KubeletConfiguration
  /** What the file asks for that is without effect here. */
  readonly warnings: readonly string[]
}

export interface ConfigurationSource {
  /** How the file is called in errors. */
  readonly path: string
  readonly text: string
  /** Of `--config-dir`: it changes what was there before, down to the defaults; null takes away. */
  readonly isDropIn?: boolean
  /** Makes a path absolute that is relative to the file. */
  readonly resolvePath: (path: string) => string
}

export interface LoadOptions {
  /** For fields that the file leaves out, before upstream's defaults. */
  readonly usual?: Partial<KubeletConfiguration>
  /** Flags of the command line: they count more than the file. */
  readonly flags?: Partial<KubeletConfiguration>
  /** Fields that whoever runs the kubelet decides: what the file says of them is without effect. */
  readonly managed?: readonly (keyof KubeletConfiguration)[]
}

const pathFields = [
  "staticPodPath",
  "tlsCertFile",
  "tlsPrivateKeyFile",
  "resolvConf",
  "volumePluginDir",
  "podLogsDir",
] as const

/**
 * Reads the files of `--config` and `--config-dir`, of which later ones change what those before them say, or what is so by
 * default: maps field by field, lists as wholes; what is null is taken away, and by default again. There is at least one. Fields that are not known are refused, those that cannot be followed are refused or warned
 * of (docs/decisions/0120).
 *
 * @throws ConfigurationError, in upstream's words
 */
export function loadConfiguration(
  sources: readonly ConfigurationSource[],
  options: LoadOptions,
): LoadedConfiguration {
  const { usual, flags, managed = [] } = options
  const all = sources.map((source) => ({ ...source, given: givenIn(source) }))
  const path = sources.map((source) => source.path).join(", ")
  const merged = all.reduce<JsonRecord>((before, { given }) => applyMergePatch(before, given), {})
  const { warnings, refusals } = findWithoutEffect(merged)
  const theirs = managed.filter((name) => merged[name] !== undefined)
  for (const { given } of all) for (const name of theirs) delete given[name]
  const base = all.find(({ isDropIn }) => !isDropIn)?.given
  const changed = all
    .filter(({ isDropIn }) => isDropIn)
    .reduce<JsonRecord>(
      (before, { given }) => applyMergePatch(before, given),
      defaultConfiguration({ ...usual, ...base }),
    )
  const configuration = defaultConfiguration({ ...changed, ...flags })
  const problems = [...validateConfiguration(configuration), ...refusals]
  if (problems.length > 0) throw new ConfigurationError(`${path}: ${refusalOf(problems)}`)
  const inVain = theirs.map((name) => `${name} is without effect: what runs the kubelet decides it`)
  return { configuration, warnings: [...warnings, ...inVain].map((warning) => `${path}: ${warning}`) }
}

function givenIn({ text, path, isDropIn, resolvePath }: ConfigurationSource): JsonRecord {
  if (text.trim() === "") throw new ConfigurationError(`kubelet config file "${path}" was empty`)
  const given: Partial<KubeletConfiguration> = decodeGivenFields(text, path, {
    group: "kubelet.config.k8s.io",
    versions: ["v1beta1"],
    kind: "KubeletConfiguration",
    schema: KubeletConfiguration,
  })
  for (const name of pathFields) if (given[name]) given[name] = resolvePath(given[name])
  const x509 = given.authentication?.x509
  if (x509?.clientCAFile) x509.clientCAFile = resolvePath(x509.clientCAFile)
  return isDropIn ? withNulls(given, parseYaml(text)) : given
}

/** What is null at the same place in `raw` is null. Whoever reads an object takes it for what is not there. */
function withNulls(given: JsonRecord, raw: unknown): JsonRecord {
  const result = { ...given }
  for (const [key, value] of Object.entries(isRecord(raw) ? raw : {})) {
    const known = result[key]
    if (value === null) result[key] = null
    else if (isRecord(known)) result[key] = withNulls(known, value)
  }
  return result
}

/** As Go writes several errors that are one. */
function refusalOf(problems: readonly string[]): string {
  const unique = [...new Set(problems)]
  const errors = unique.length === 1 ? unique[0] : `[${unique.join(", ")}]`
  return `failed to validate kubelet configuration, error: ${errors}`
}
