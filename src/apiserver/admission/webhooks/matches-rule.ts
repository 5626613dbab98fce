import type {
  NamedRuleWithOperations,
  RuleWithOperations,
} from "../../../api/admissionregistration/v1/match-resources.ts"

/** Of a request, what rules of webhooks and policies are about. */
export interface RuleSubject {
  readonly operation: string
  readonly group: string
  readonly version: string
  readonly resource: string
  /** "" for the main resource. */
  readonly subresource: string
  /** Of a Namespace its own name; "" for cluster-scoped objects. */
  readonly namespace: string
  readonly name: string
}

/** Rules of policies may name objects; those of webhooks never do. */
export function matchesRule(rule: NamedRuleWithOperations, subject: RuleSubject): boolean {
  const { resourceNames = [] } = rule
  return (
    (resourceNames.length === 0 || resourceNames.includes(subject.name)) &&
    isInScope(rule.scope, subject) &&
    includes(rule.operations, subject.operation) &&
    includes(rule.apiGroups, subject.group) &&
    includes(rule.apiVersions, subject.version) &&
    (rule.resources ?? []).some((each) => namesResource(each, subject))
  )
}

/** Namespaces themselves belong to the cluster, though requests about them bear a namespace. */
function isInScope(scope: RuleWithOperations["scope"], subject: RuleSubject): boolean {
  const { group, version, resource, namespace } = subject
  const isNamespace = group === "" && version === "v1" && resource === "namespaces"
  const isNamespaced = !isNamespace && namespace !== ""
  switch (scope ?? "*") {
    case "Namespaced":
      return isNamespaced
    case "Cluster":
      return !isNamespaced
    default:
      return true
  }
}

function includes(items: readonly string[] | undefined, wanted: string): boolean {
  return items?.some((item) => item === "*" || item === wanted) ?? false
}

/** "pods", "pods/log", "pods/*", "*", "*\/scale" */
function namesResource(pattern: string, { resource, subresource }: RuleSubject): boolean {
  const slash = pattern.indexOf("/")
  const [name, sub] = slash < 0 ? [pattern, ""] : [pattern.slice(0, slash), pattern.slice(slash + 1)]
  return (name === "*" || name === resource) && (sub === "*" || sub === subresource)
}
