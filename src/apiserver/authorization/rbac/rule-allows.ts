import type { PolicyRule } from "../../../api/rbac/v1/policy-rule.ts"
import type { Attributes } from "../authorizer.ts"

/** Whether this one rule is enough for the request. Rules only ever add: there is no rule that forbids. */
export function ruleAllows(rule: PolicyRule, attributes: Attributes): boolean {
  if (!matches(rule.verbs, attributes.verb)) return false
  if (attributes.path !== undefined) return pathsCover(rule.nonResourceURLs ?? [], attributes.path)
  return (
    matches(rule.apiGroups, attributes.apiGroup) &&
    matchesResource(rule.resources, attributes.resource, attributes.subresource) &&
    (!rule.resourceNames?.length || rule.resourceNames.includes(attributes.name))
  )
}

function matches(allowed: readonly string[] | null | undefined, wanted: string): boolean {
  if (!allowed) return false
  return allowed.includes(wanted) || allowed.includes("*")
}

function matchesResource(
  allowed: readonly string[] | null | undefined,
  resource: string,
  subresource: string,
): boolean {
  if (!allowed) return false
  if (allowed.includes("*")) return true
  if (subresource === "") return allowed.includes(resource)
  return allowed.includes(`${resource}/${subresource}`) || allowed.includes(`*/${subresource}`)
}

/** "*", the path itself, or a beginning that ends with "*". */
export function pathsCover(allowed: readonly string[], path: string): boolean {
  return allowed.some(
    (each) =>
      each === "*" || each === path || (each.endsWith("*") && path.startsWith(each.replace(/\*+$/, ""))),
  )
}
