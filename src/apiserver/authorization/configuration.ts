import {
  duplicateValue,
  type FieldError,
  invalidValue,
  requiredValue,
  unsupportedValue,
} from "../../apimachinery/field-error.ts"
import { parseDuration } from "../../apimachinery/duration.ts"
import { dnsSubdomainProblems } from "../../apimachinery/names.ts"
import {
  bool,
  duration,
  field,
  type Infer,
  list,
  message,
  optional,
  string,
} from "../../apimachinery/schema.ts"
import { decodeConfiguration, refuseInvalid } from "../../apimachinery/decode-configuration.ts"
import { compileConditions } from "./webhook/match-conditions.ts"

// The chain of authorizers (https://kubernetes.io/docs/reference/access-authn-authz/authorization/#using-configuration-file-for-authorization).

const ConnectionInfo = message("WebhookConnectionInfo", {
  type: field(1, string),
  kubeConfigFile: optional(2, string),
})
const MatchCondition = message("WebhookMatchCondition", { expression: field(1, string) })

const Webhook = message("WebhookConfiguration", {
  authorizedTTL: optional(1, duration, { default: "5m0s" }),
  cacheAuthorizedRequests: optional(2, bool, { default: true }),
  unauthorizedTTL: optional(3, duration, { default: "30s" }),
  cacheUnauthorizedRequests: optional(4, bool, { default: true }),
  timeout: optional(5, duration),
  subjectAccessReviewVersion: field(6, string),
  matchConditionSubjectAccessReviewVersion: field(7, string),
  failurePolicy: field(8, string),
  connectionInfo: optional(9, ConnectionInfo),
  matchConditions: field(10, list(MatchCondition)),
})
export interface WebhookConfiguration extends Infer<typeof Webhook> {}

const Authorizer = message("AuthorizerConfiguration", {
  type: field(1, string),
  name: field(2, string),
  webhook: optional(3, Webhook),
})
export interface AuthorizerConfiguration extends Infer<typeof Authorizer> {}

const AuthorizationConfiguration = message("AuthorizationConfiguration", {
  authorizers: field(1, list(Authorizer)),
})
export interface AuthorizationConfiguration extends Infer<typeof AuthorizationConfiguration> {}

/** In upstream ABAC, too; a policy file that is read but once has no place in a chain that changes. */
export const authorizerTypes = ["AlwaysAllow", "AlwaysDeny", "Node", "RBAC", "Webhook"] as const

/** The chain of `--authorization-config`. Throws ConfigurationError. */
export function decodeAuthorizationConfiguration(text: string, path: string): AuthorizationConfiguration {
  const configuration: AuthorizationConfiguration = decodeConfiguration(text, path, {
    group: "apiserver.config.k8s.io",
    versions: ["v1", "v1beta1"],
    kind: "AuthorizationConfiguration",
    schema: AuthorizationConfiguration,
  })
  refuseInvalid(path, validate(configuration))
  return configuration
}

function validate({ authorizers = [] }: AuthorizationConfiguration): FieldError[] {
  if (authorizers.length === 0)
    return [requiredValue("authorizers", "at least one authorization mode must be defined")]
  const types = new Set<string>()
  const names = new Set<string>()
  return authorizers.flatMap(({ type, name, webhook }, index) => {
    const path = `authorizers[${index}]`
    if (!type) return [requiredValue(`${path}.type`)]
    if (!authorizerTypes.some((known) => known === type))
      return [unsupportedValue(`${path}.type`, type, authorizerTypes)]
    if (types.has(type) && type !== "Webhook") return [duplicateValue(`${path}.type`, type)]
    types.add(type)
    const errors = validateName(name, names, path)
    if (type === "Webhook") {
      if (webhook) errors.push(...validateWebhook(webhook, path))
      else errors.push(requiredValue(`${path}.webhook`, "required when type=Webhook"))
    } else if (webhook)
      errors.push(invalidValue(`${path}.webhook`, "non-null", "may only be specified when type=Webhook"))
    return errors
  })
}

function validateName(name: string | undefined, seen: Set<string>, path: string): FieldError[] {
  if (!name) return [requiredValue(`${path}.name`)]
  if (seen.has(name)) return [duplicateValue(`${path}.name`, name)]
  seen.add(name)
  const problems = dnsSubdomainProblems(name)
  if (problems.length === 0) return []
  return [invalidValue(`${path}.name`, name, `authorizer name is invalid: ${problems.join(", ")}`)]
}

function validateWebhook(webhook: WebhookConfiguration, path: string): FieldError[] {
  const { timeout, subjectAccessReviewVersion: version, failurePolicy, matchConditions = [] } = webhook
  const conditionVersion = webhook.matchConditionSubjectAccessReviewVersion
  const errors: FieldError[] = []
  if (!timeout) errors.push(requiredValue(`${path}.timeout`))
  else if (parseDuration(timeout) <= 0 || parseDuration(timeout) > 30_000)
    errors.push(invalidValue(`${path}.timeout`, timeout, "must be > 0s and <= 30s"))
  for (const name of ["authorizedTTL", "unauthorizedTTL"] as const) {
    if (parseDuration(webhook[name]) <= 0)
      errors.push(invalidValue(`${path}.${name}`, webhook[name], "must be > 0s"))
  }
  errors.push(...oneOf(version, ["v1", "v1beta1"], `${path}.subjectAccessReviewVersion`))
  const conditionPath = `${path}.matchConditionSubjectAccessReviewVersion`
  if (conditionVersion) errors.push(...oneOf(conditionVersion, ["v1"], conditionPath))
  else if (matchConditions.length > 0)
    errors.push(requiredValue(conditionPath, "required if match conditions are specified"))
  errors.push(...oneOf(failurePolicy, ["NoOpinion", "Deny"], `${path}.failurePolicy`))
  errors.push(...validateConnection(webhook.connectionInfo, `${path}.connectionInfo`))
  const expressions = matchConditions.map(({ expression = "" }) => expression)
  return [...errors, ...compileConditions(expressions, `${path}.matchConditions`).errors]
}

function validateConnection(connection: WebhookConfiguration["connectionInfo"], path: string): FieldError[] {
  const { type, kubeConfigFile } = connection ?? {}
  // Upstream knows InClusterConfig too, and refuses it for the API server itself.
  const errors = oneOf(type, ["KubeConfigFile"], `${path}.type`)
  if (errors.length > 0) return errors
  if (!kubeConfigFile) return [requiredValue(`${path}.kubeConfigFile`)]
  return kubeConfigFile.startsWith("/")
    ? []
    : [invalidValue(`${path}.kubeConfigFile`, kubeConfigFile, "must be an absolute path")]
}

function oneOf(value: string | undefined, allowed: readonly string[], path: string): FieldError[] {
  if (!value) return [requiredValue(path)]
  return allowed.includes(value) ? [] : [unsupportedValue(path, value, allowed)]
}
