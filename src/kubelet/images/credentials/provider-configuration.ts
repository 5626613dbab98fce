import { parseDuration } from "../../../apimachinery/duration.ts"
import { decodeConfiguration, refuseInvalid } from "../../../apimachinery/decode-configuration.ts"
import {
  duplicateValue,
  type FieldError,
  forbiddenValue,
  invalidValue,
  requiredValue,
  unsupportedValue,
} from "../../../apimachinery/field-error.ts"
import { qualifiedNameProblems } from "../../../apimachinery/names.ts"
import {
  always,
  bool,
  duration,
  field,
  type Infer,
  list,
  message,
  optional,
  string,
} from "../../../apimachinery/schema.ts"

// Programs that know the passwords of registries (https://kubernetes.io/docs/tasks/administer-cluster/kubelet-credential-provider/).

const TokenAttributes = message("ServiceAccountTokenAttributes", {
  serviceAccountTokenAudience: always(1, string),
  cacheType: always(2, string),
  requireServiceAccount: optional(3, bool),
  requiredServiceAccountAnnotationKeys: field(4, list(string)),
  optionalServiceAccountAnnotationKeys: field(5, list(string)),
})
/** That the program is given a token of the pod's service account. */
export interface TokenAttributes extends Infer<typeof TokenAttributes> {}

const CredentialProviderSettings = message("CredentialProvider", {
  name: always(1, string),
  matchImages: field(2, list(string)),
  defaultCacheDuration: optional(3, duration),
  apiVersion: always(4, string),
  args: field(5, list(string)),
  env: field(6, list(message("ExecEnvVar", { name: always(1, string), value: always(2, string) }))),
  tokenAttributes: optional(7, TokenAttributes),
})
/** One program: its file's name, the images that it is asked about, and how. */
export interface CredentialProviderSettings extends Infer<typeof CredentialProviderSettings> {}

const CredentialProviderConfig = message("CredentialProviderConfig", {
  providers: field(1, list(CredentialProviderSettings)),
})

/** In which programs are asked and answer. */
export const group = "credentialprovider.kubelet.k8s.io"
const versions = ["v1", "v1alpha1", "v1beta1"]
const apiVersions = versions.map((version) => `${group}/${version}`)
const cacheTypes = ["ServiceAccount", "Token"]

export interface ConfigurationText {
  readonly path: string
  readonly text: string
}

/** The providers of all files of `--image-credential-provider-config`. Throws ConfigurationError. */
export function decodeProviders(files: readonly ConfigurationText[]): CredentialProviderSettings[] {
  const providers = files.flatMap(({ path, text }) => {
    const { providers: some = [] } = decodeConfiguration(text, path, {
      group: "kubelet.config.k8s.io",
      versions,
      kind: "CredentialProviderConfig",
      schema: CredentialProviderConfig,
    })
    return some
  })
  refuseInvalid(files.map(({ path }) => path).join(", "), validate(providers))
  return providers
}

function validate(providers: readonly CredentialProviderSettings[]): FieldError[] {
  if (providers.length === 0) return [requiredValue("providers", "at least 1 item in plugins is required")]
  const names = new Set<string>()
  return providers.flatMap((provider) => {
    const isTwice = names.has(provider.name)
    names.add(provider.name)
    return [
      ...(isTwice ? [duplicateValue("providers.name", provider.name)] : []),
      ...validateName(provider.name),
      ...validateProvider(provider),
      ...(provider.tokenAttributes ? validateToken(provider.tokenAttributes, provider.apiVersion) : []),
    ]
  })
}

/** It is the name of a file in one directory, and must not lead out of it. */
function validateName(name: string): FieldError[] {
  const wrong: [boolean, string][] = [
    [name.includes("/"), "provider name cannot contain '/'"],
    [name.includes(" "), "provider name cannot contain spaces"],
    [name === ".", "provider name cannot be '.'"],
    [name === "..", "provider name cannot be '..'"],
  ]
  return wrong.flatMap(([isWrong, what]) => (isWrong ? [invalidValue("providers.name", name, what)] : []))
}

function validateProvider({
  apiVersion,
  matchImages = [],
  defaultCacheDuration,
}: CredentialProviderSettings): FieldError[] {
  const errors: FieldError[] = []
  if (apiVersion === "") errors.push(requiredValue("providers.apiVersion"))
  else if (!apiVersions.includes(apiVersion))
    errors.push(unsupportedValue("providers.apiVersion", apiVersion, apiVersions))
  if (matchImages.length === 0)
    errors.push(requiredValue("providers.matchImages", "at least 1 item in matchImages is required"))
  for (const image of matchImages)
    if (!URL.canParse(`https://${image.replaceAll("*", "x")}`))
      errors.push(
        invalidValue("providers.matchImages", image, "match image is invalid: not a URL without a scheme"),
      )
  if (defaultCacheDuration === undefined) errors.push(requiredValue("providers.defaultCacheDuration"))
  else if (parseDuration(defaultCacheDuration) < 0)
    errors.push(
      invalidValue(
        "providers.defaultCacheDuration",
        defaultCacheDuration,
        "defaultCacheDuration must be greater than or equal to 0",
      ),
    )
  return errors
}

function validateToken(attributes: TokenAttributes, apiVersion: string): FieldError[] {
  const path = "providers.tokenAttributes"
  const {
    serviceAccountTokenAudience,
    cacheType,
    requireServiceAccount,
    requiredServiceAccountAnnotationKeys: required = [],
    optionalServiceAccountAnnotationKeys: optionalKeys = [],
  } = attributes
  const errors: FieldError[] = []
  if (serviceAccountTokenAudience === "") errors.push(requiredValue(`${path}.serviceAccountTokenAudience`))
  if (requireServiceAccount === undefined) errors.push(requiredValue(`${path}.requireServiceAccount`))
  if (apiVersion !== `${group}/v1`)
    errors.push(forbiddenValue(path, `tokenAttributes is only supported for ${group}/v1 API version`))
  if (requireServiceAccount === false && required.length > 0)
    errors.push(
      forbiddenValue(
        `${path}.requiredServiceAccountAnnotationKeys`,
        "requireServiceAccount cannot be false when requiredServiceAccountAnnotationKeys is set",
      ),
    )
  errors.push(...validateKeys(`${path}.requiredServiceAccountAnnotationKeys`, required))
  errors.push(...validateKeys(`${path}.optionalServiceAccountAnnotationKeys`, optionalKeys))
  const both = required.filter((key) => optionalKeys.includes(key)).sort()
  if (both.length > 0)
    errors.push(invalidValue(path, both, "annotation keys cannot be both required and optional"))
  if (cacheType === "")
    errors.push(
      requiredValue(
        `${path}.cacheType`,
        `cacheType is required to be set when tokenAttributes is specified. Supported values are: ${cacheTypes.join(", ")}`,
      ),
    )
  else if (!cacheTypes.includes(cacheType))
    errors.push(unsupportedValue(`${path}.cacheType`, cacheType, cacheTypes))
  return errors
}

function validateKeys(path: string, keys: readonly string[]): FieldError[] {
  return keys.flatMap((key, index) => [
    ...qualifiedNameProblems(key.toLowerCase()).map((problem) => invalidValue(path, key, problem)),
    ...(keys.indexOf(key) < index ? [duplicateValue(path, key)] : []),
  ])
}
