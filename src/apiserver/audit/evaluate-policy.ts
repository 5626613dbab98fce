import type { Attributes } from "../authorization/authorizer.ts"
import type { GroupResources, Level, Policy, PolicyRule, Stage } from "./policy.ts"

/** What is to be recorded of one request. */
export interface Verdict {
  readonly level: Level
  readonly omitStages: ReadonlySet<Stage>
  readonly omitManagedFields: boolean
}

const nothing: Verdict = { level: "None", omitStages: new Set(), omitManagedFields: false }

/** The first rule that matches decides; what no rule matches is not recorded. */
export function evaluatePolicy(policy: Policy, attributes: Attributes): Verdict {
  const rule = policy.rules?.find((each) => matches(each, attributes))
  if (!rule) return nothing
  return {
    level: rule.level as Level,
    omitStages: new Set([...(policy.omitStages ?? []), ...(rule.omitStages ?? [])] as Stage[]),
    omitManagedFields: rule.omitManagedFields ?? policy.omitManagedFields ?? false,
  }
}

function matches(rule: PolicyRule, attributes: Attributes): boolean {
  const { users, userGroups, verbs, namespaces, resources, nonResourceURLs } = rule
  const { user, verb } = attributes
  if (users?.length && !users.includes(user.name)) return false
  if (userGroups?.length && !userGroups.some((group) => user.groups.includes(group))) return false
  if (verbs?.length && !verbs.includes(verb)) return false
  if (namespaces?.length || resources?.length) return matchesResource(rule, attributes)
  if (nonResourceURLs?.length) {
    const { path } = attributes
    return path !== undefined && nonResourceURLs.some((pattern) => matchesPath(pattern, path))
  }
  return true
}

/** The namespace "" is that of cluster-scoped resources. */
function matchesResource({ namespaces, resources }: PolicyRule, attributes: Attributes): boolean {
  if (attributes.path !== undefined) return false
  if (namespaces?.length && !namespaces.includes(attributes.namespace)) return false
  return !resources?.length || resources.some((each) => matchesGroup(each, attributes))
}

function matchesGroup(
  { group = "", resources = [], resourceNames = [] }: GroupResources,
  { apiGroup, resource, subresource, name }: Exclude<Attributes, { path: string }>,
): boolean {
  if (group !== apiGroup) return false
  if (resources.length === 0) return true
  if (resourceNames.length > 0 && !resourceNames.includes(name)) return false
  const whole = subresource ? `${resource}/${subresource}` : resource
  return resources.some(
    (each) =>
      each === whole ||
      each === "*" ||
      each === `${resource}/*` ||
      (subresource !== "" && each === `*/${subresource}`),
  )
}

function matchesPath(pattern: string, path: string): boolean {
  if (pattern === "*") return true
  return pattern.endsWith("*") ? path.startsWith(pattern.slice(0, -1)) : path === pattern
}
