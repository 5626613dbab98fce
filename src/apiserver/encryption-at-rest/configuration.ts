import { type FieldError, invalidValue, requiredValue } from "../../apimachinery/field-error.ts"
import { fieldPath } from "../../apimachinery/field-path.ts"
import { field, type Infer, json, list, message, optional, string } from "../../apimachinery/schema.ts"
import { decodeBase64 } from "../../base/base64.ts"
import {
  ConfigurationError,
  decodeConfiguration,
  refuseInvalid,
} from "../../apimachinery/decode-configuration.ts"

// Which resources are encrypted, and with what (https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/).

const Key = message("Key", { name: field(1, string), secret: field(2, string) })
export interface Key extends Infer<typeof Key> {}

const Keys = message("Keys", { keys: field(1, list(Key)) })

const Provider = message("ProviderConfiguration", {
  aesgcm: optional(1, Keys),
  aescbc: optional(2, Keys),
  secretbox: optional(3, Keys),
  identity: optional(4, message("IdentityConfiguration", {})),
  kms: optional(5, json),
})
export interface Provider extends Infer<typeof Provider> {}

const ResourceConfiguration = message("ResourceConfiguration", {
  resources: field(1, list(string)),
  providers: field(2, list(Provider)),
})
export interface ResourceConfiguration extends Infer<typeof ResourceConfiguration> {}

const EncryptionConfiguration = message("EncryptionConfiguration", {
  resources: field(1, list(ResourceConfiguration)),
})
export interface EncryptionConfiguration extends Infer<typeof EncryptionConfiguration> {}

/** The configuration of `--encryption-provider-config`. Throws ConfigurationError; secrets are never part of the message. */
export function decodeEncryptionConfiguration(text: string, path: string): EncryptionConfiguration {
  const configuration: EncryptionConfiguration = decodeConfiguration(text, path, {
    group: "apiserver.config.k8s.io",
    versions: ["v1"],
    kind: "EncryptionConfiguration",
    schema: EncryptionConfiguration,
  })
  const { resources = [] } = configuration
  if (resources.some(({ providers }) => providers?.some(({ kms }) => kms !== undefined)))
    throw new ConfigurationError(`${path}: the provider kms is not supported by this server`)
  refuseInvalid(path, validate(resources))
  return configuration
}

function validate(resources: readonly ResourceConfiguration[]): FieldError[] {
  const root = fieldPath("resources")
  if (resources.length === 0) return [requiredValue(root, "at least one resources is required")]
  return resources.flatMap(({ resources: names = [], providers = [] }, index) => {
    const at = root.index(index)
    const errors: FieldError[] = []
    if (names.length === 0)
      errors.push(
        requiredValue(at.child("resources"), `at least one ${at.child("resources").toString()} is required`),
      )
    if (providers.length === 0)
      errors.push(
        requiredValue(at.child("providers"), `at least one ${at.child("providers").toString()} is required`),
      )
    errors.push(...validateNames(names, at.child("resources").toString()))
    for (const [each, provider] of providers.entries())
      errors.push(...validateProvider(provider, at.child("providers").index(each).toString()))
    return errors
  })
}

function validateNames(names: readonly string[], path: string): FieldError[] {
  const errors: FieldError[] = []
  for (const [index, name] of names.entries()) {
    const problem = nameProblem(name)
    if (problem) errors.push(invalidValue(`${path}[${index}]`, name, problem))
  }
  if (errors.length > 0) return errors
  if (new Set(names).size < names.length)
    return [invalidValue(path, names, "the same resource cannot be specified multiple times")]
  return overlaps(names)
    ? [
        invalidValue(
          path,
          names,
          "using overlapping resources such as 'secrets' and '*.' in the same resource list is not allowed as they will be masked",
        ),
      ]
    : []
}

const withoutApi = new Set(["apiserveripinfo", "serviceipallocations", "servicenodeportallocations"])

function nameProblem(name: string): string | undefined {
  const { group, resource } = splitGroupResource(name)
  if (name !== name.toLowerCase()) return "resource name should not contain capital letters"
  if (name === "*")
    return "use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources"
  if (withoutApi.has(name)) return "resources which do not have REST API/s cannot be encrypted"
  if (group === "events.k8s.io")
    return "'*.events.k8s.io' objects are stored using the 'events' API group in etcd. Use 'events' instead in the config file"
  if (group === "extensions") return "'extensions' group has been removed and cannot be used for encryption"
  if (group === "*" && resource !== "*") return "encrypting the same resource across groups is not supported"
  return undefined
}

function overlaps(names: readonly string[]): boolean {
  const all = names.map(splitGroupResource)
  if (names.includes("*.*")) return names.length > 1
  return all.some(
    ({ group, resource }) =>
      resource !== "*" && all.some((other) => other.resource === "*" && other.group === group),
  )
}

/** "deployments.apps", "secrets", "*.apps", "*." (all of the core group), "*.*" */
export function splitGroupResource(name: string): { readonly group: string; readonly resource: string } {
  const dot = name.indexOf(".")
  return dot < 0
    ? { group: "", resource: name }
    : { group: name.slice(dot + 1), resource: name.slice(0, dot) }
}

const keyLengths = { aesgcm: [16, 24, 32], aescbc: [16, 24, 32], secretbox: [32] } as const
export type CipherName = keyof typeof keyLengths

export function isCipher(name: string): name is CipherName {
  return Object.hasOwn(keyLengths, name)
}

function validateProvider(provider: Provider, path: string): FieldError[] {
  const names = Object.keys(provider).filter((name) => provider[name as keyof Provider] !== undefined)
  const [name, ...others] = names
  if (name === undefined)
    return [
      invalidValue(
        path,
        provider,
        "provider does not contain any of the expected providers: KMS, AESGCM, AESCBC, Secretbox, Identity",
      ),
    ]
  if (others.length > 0)
    return [
      invalidValue(
        path,
        names,
        "more than one provider specified in a single element, should split into different list elements",
      ),
    ]
  if (!isCipher(name)) return []
  const { keys = [] } = provider[name]!
  const at = `${path}.${name}.keys`
  if (keys.length === 0) return [requiredValue(at, "at least one keys is required")]
  return keys.flatMap((key, index) => validateKey(key, `${at}[${index}]`, keyLengths[name]))
}

function validateKey({ name, secret }: Key, path: string, lengths: readonly number[]): FieldError[] {
  const errors: FieldError[] = []
  if (!name) errors.push(requiredValue(`${path}.name`, "name is a mandatory field for a key"))
  if (!secret) return [...errors, requiredValue(`${path}.secret`, "secret is a mandatory field for a key")]
  const length = lengthOf(secret)
  if (length === undefined)
    return [...errors, invalidValue(`${path}.secret`, "REDACTED", "secrets must be base64 encoded")]
  if (!lengths.includes(length)) {
    const why = `secret is not of the expected length, got ${length}, expected one of [${lengths.join(" ")}]`
    errors.push(invalidValue(`${path}.secret`, "REDACTED", why))
  }
  return errors
}

function lengthOf(secret: string): number | undefined {
  try {
    return decodeBase64(secret).length
  } catch {
    return undefined
  }
}
