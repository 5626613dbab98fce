import { quote } from "../../../base/quote.ts"
import type { PolicyRule } from "../../../api/rbac/v1/policy-rule.ts"
import { pathsCover } from "./rule-allows.ts"

/**
 * Whether one set of rules gives everything that another does. A rule is a product (verbs x groups x resources x names);
 * taken apart into single permissions, each of the other's must be within one of ours.
 */
export function missingRules(owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(splitRule).filter((single) => !owned.some((rule) => covers(rule, single)))
}

/** The single permissions of a rule: one verb, one resource, one name at most. */
function splitRule(rule: PolicyRule): PolicyRule[] {
  const verbs = rule.verbs ?? []
  const names = rule.resourceNames?.length ? rule.resourceNames.map((name) => [name]) : [undefined]
  const singles: PolicyRule[] = []
  for (const group of rule.apiGroups ?? [])
    for (const resource of rule.resources ?? [])
      for (const verb of verbs)
        for (const resourceNames of names)
          singles.push({
            verbs: [verb],
            apiGroups: [group],
            resources: [resource],
            ...(resourceNames && { resourceNames }),
          })
  for (const path of rule.nonResourceURLs ?? [])
    for (const verb of verbs) singles.push({ verbs: [verb], nonResourceURLs: [path] })
  return singles
}

function covers(rule: PolicyRule, single: PolicyRule): boolean {
  return (
    includes(rule.verbs, single.verbs?.[0]) &&
    includes(rule.apiGroups, single.apiGroups?.[0]) &&
    coversResource(rule.resources ?? [], single.resources?.[0]) &&
    coversName(rule.resourceNames ?? [], single.resourceNames?.[0]) &&
    (!single.nonResourceURLs || pathsCover(rule.nonResourceURLs ?? [], single.nonResourceURLs[0]!))
  )
}

function includes(owned: readonly string[] | null | undefined, wanted: string | undefined): boolean {
  return wanted === undefined || owned?.includes("*") === true || owned?.includes(wanted) === true
}

function coversResource(owned: readonly string[], wanted: string | undefined): boolean {
  if (includes(owned, wanted)) return true
  const slash = wanted!.indexOf("/")
  return slash >= 0 && owned.includes(`*${wanted!.slice(slash)}`)
}

function coversName(owned: readonly string[], wanted: string | undefined): boolean {
  return owned.length === 0 || (wanted !== undefined && owned.includes(wanted))
}

/** The rules in the words of an escalation error, those that differ only by their verb put together, sorted. */
export function describeRules(singles: readonly PolicyRule[]): string[] {
  const compact = new Map<string, PolicyRule>()
  for (const [index, rule] of singles.entries()) {
    const { apiGroups, resources, resourceNames = [] } = rule
    // Paths stay apart, one line per verb.
    const key = rule.nonResourceURLs ? String(index) : JSON.stringify([apiGroups, resources, resourceNames])
    const same = compact.get(key)
    compact.set(key, same ? { ...same, verbs: [...(same.verbs ?? []), ...(rule.verbs ?? [])] } : rule)
  }
  return [...new Set([...compact.values()].map(describeRule))].sort()
}

function describeRule(rule: PolicyRule): string {
  const part = (title: string, values: readonly string[] | null | undefined) =>
    values?.length ? [`${title}:[${values.map(quote).join(" ")}]`] : []
  const parts = [
    ...part("APIGroups", rule.apiGroups),
    ...part("Resources", rule.resources),
    ...part("NonResourceURLs", rule.nonResourceURLs),
    ...part("ResourceNames", rule.resourceNames),
    ...part("Verbs", rule.verbs),
  ]
  return `{${parts.join(", ")}}`
}
