import { ConfigurationError, decodeGivenFields } from "../../apimachinery/decode-configuration.ts"
import { applyMergePatch } from "../../apimachinery/patch/merge-patch.ts"
import type { JsonRecord } from "../../apimachinery/schema-plan.ts"
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
 * Reads the files of `--config` and `--config-dir`, of which later ones change what those before them say: maps field by field,
 * lists as wholes. There is at least one. Fields that are not known are refused, those that cannot be followed are refused or warned
 * of (docs/decisions/0120).
 *
 * @throws ConfigurationError, in upstream's words
 */
export function loadConfiguration(
  sources: readonly ConfigurationSource[],
  options: LoadOptions,
): LoadedConfiguration {
  const given = sources.map(givenIn).reduce<JsonRecord>(applyMergePatch, {})
  const path = sources.map((source) => source.path).join(", ")
  return complete(given, path, options)
}

function givenIn({ text, path, resolvePath }: ConfigurationSource): JsonRecord {
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
  return given
}

function complete(
  given: Partial<KubeletConfiguration>,
  path: string,
  { usual, flags, managed = [] }: LoadOptions,
): LoadedConfiguration {
  const { warnings, refusals } = findWithoutEffect(given)
  const theirs = managed.filter((name) => given[name] !== undefined)
  for (const name of theirs) delete given[name]
  const configuration = defaultConfiguration({ ...usual, ...given, ...flags })
  const problems = [...validateConfiguration(configuration), ...refusals]
  if (problems.length > 0) throw new ConfigurationError(`${path}: ${refusalOf(problems)}`)
  const inVain = theirs.map((name) => `${name} is without effect: what runs the kubelet decides it`)
  return { configuration, warnings: [...warnings, ...inVain].map((warning) => `${path}: ${warning}`) }
}

/** As Go writes several errors that are one. */
function refusalOf(problems: readonly string[]): string {
  const unique = [...new Set(problems)]
  const errors = unique.length === 1 ? unique[0] : `[${unique.join(", ")}]`
  return `failed to validate kubelet configuration, error: ${errors}`
}
