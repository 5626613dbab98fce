import {
  type FieldError,
  forbiddenValue,
  invalidValue,
  requiredValue,
  unsupportedValue,
} from "../../apimachinery/field-error.ts"
import { bool, field, type Infer, list, message, optional, string } from "../../apimachinery/schema.ts"
import {
  ConfigurationError,
  decodeConfiguration,
  refuseInvalid,
} from "../../apimachinery/decode-configuration.ts"

// What is recorded of which request (https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/).

const GroupResources = message("GroupResources", {
  group: field(1, string),
  resources: field(2, list(string)),
  resourceNames: field(3, list(string)),
})
export interface GroupResources extends Infer<typeof GroupResources> {}

const PolicyRule = message("PolicyRule", {
  level: field(1, string),
  users: field(2, list(string)),
  userGroups: field(3, list(string)),
  verbs: field(4, list(string)),
  resources: field(5, list(GroupResources)),
  namespaces: field(6, list(string)),
  nonResourceURLs: field(7, list(string)),
  omitStages: field(8, list(string)),
  omitManagedFields: optional(9, bool),
})
export interface PolicyRule extends Infer<typeof PolicyRule> {}

const Policy = message("Policy", {
  rules: field(2, list(PolicyRule)),
  omitStages: field(3, list(string)),
  omitManagedFields: field(4, bool),
})
export interface Policy extends Infer<typeof Policy> {}

/** How much of a request is recorded, from nothing to both bodies. */
export const levels = ["None", "Metadata", "Request", "RequestResponse"] as const
export type Level = (typeof levels)[number]

/** The moments at which a request is recorded. */
export const stages = ["RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"] as const
export type Stage = (typeof stages)[number]

/** The policy of `--audit-policy-file`. Throws ConfigurationError. */
export function decodePolicy(text: string, path: string): Policy {
  const policy: Policy = decodeConfiguration(text, path, {
    group: "audit.k8s.io",
    versions: ["v1"],
    kind: "Policy",
    schema: Policy,
  })
  if (!policy.rules?.length) throw new ConfigurationError(`${path}: loaded illegal policy with 0 rules`)
  refuseInvalid(path, validatePolicy(policy))
  return policy
}

function validatePolicy({ rules = [], omitStages }: Policy): FieldError[] {
  return [
    ...validateStages(omitStages, "omitStages"),
    ...rules.flatMap((rule, index) => validateRule(rule, `rules[${index}]`)),
  ]
}

function validateRule(rule: PolicyRule, path: string): FieldError[] {
  const { level, resources = [], namespaces, nonResourceURLs = [], omitStages } = rule
  const errors: FieldError[] = []
  if (!level) errors.push(requiredValue(`${path}.level`))
  else if (!levels.some((each) => each === level))
    errors.push(unsupportedValue(`${path}.level`, level, levels))
  errors.push(
    ...nonResourceURLs.flatMap((url, index) => validatePath(url, `${path}.nonResourceURLs[${index}]`)),
  )
  for (const [index, { group, resources: names = [], resourceNames = [] }] of resources.entries()) {
    const at = `${path}.resources[${index}]`
    if (group?.includes("/")) errors.push(invalidValue(`${at}.group`, group, "group must not have a version"))
    if (resourceNames.length > 0 && names.length === 0)
      errors.push(
        invalidValue(
          `${at}.resourceNames`,
          resourceNames,
          "using resourceNames requires at least one resource",
        ),
      )
  }
  if (nonResourceURLs.length > 0 && (resources.length > 0 || namespaces?.length)) {
    errors.push(
      invalidValue(
        `${path}.nonResourceURLs`,
        nonResourceURLs,
        "rules cannot apply to both regular resources and non-resource URLs",
      ),
    )
  }
  return [...errors, ...validateStages(omitStages, `${path}.omitStages`)]
}

function validatePath(url: string, path: string): FieldError[] {
  if (url === "*") return []
  if (!url.startsWith("/"))
    return [invalidValue(path, url, 'non-resource URL rules must begin with a "/" character')]
  return url.slice(0, -1).includes("*")
    ? [forbiddenValue(path, `non-resource URL wildcards "*" must be the final character of the rule: ${url}`)]
    : []
}

function validateStages(omitStages: readonly string[] = [], path: string): FieldError[] {
  return omitStages.flatMap((stage, index) =>
    stages.some((each) => each === stage) ? [] : [unsupportedValue(`${path}[${index}]`, stage, stages)],
  )
}
