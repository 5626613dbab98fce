import type { KubeObject } from "../../../apimachinery/meta.ts"
import type { ResourceQuota, ScopedResourceSelectorRequirement } from "../v1/resource-quota.ts"
import type { Amounts } from "../v1/pod-resources.ts"
import { oneItem } from "./amounts.ts"

/**
 * How one kind of object counts against quotas (https://kubernetes.io/docs/concepts/policy/resource-quotas/). Shared by
 * admission, which charges what comes, and by the controller, which counts what is there.
 */
export interface QuotaEvaluator<T extends KubeObject = KubeObject> {
  /** "pods", "resourceclaims.resource.k8s.io" */
  readonly resource: string
  /** Whether a write may change what is used. */
  isCharged(change: QuotaChange<T>): boolean
  /** Whether objects of this kind count for what a quota calls so: "requests.cpu", "count/pods". */
  tracks(name: string): boolean
  usageOf(object: T): Amounts
  /** Absent where no scope ever matches. */
  matchesScope?(object: T, scope: ScopedResourceSelectorRequirement): boolean
  /** What the object must say for itself where a quota holds these names: "must specify cpu for: c". */
  findOmission?(object: T, names: readonly string[]): string | undefined
}

export interface QuotaChange<T extends KubeObject = KubeObject> {
  readonly operation: "CREATE" | "UPDATE" | "DELETE" | "CONNECT"
  readonly subresource: string
  readonly object: T
  readonly oldObject?: T | undefined
}

/** Whether an object falls under a quota's scopes. */
export function isInScope<T extends KubeObject>(
  evaluator: QuotaEvaluator<T>,
  { spec }: Pick<ResourceQuota, "spec">,
  object: T,
): boolean {
  return scopesOf(spec).every((scope) => evaluator.matchesScope?.(object, scope) ?? false)
}

function scopesOf({
  scopes = [],
  scopeSelector,
}: ResourceQuota["spec"]): ScopedResourceSelectorRequirement[] {
  return [
    ...scopes.map((scopeName) => ({ scopeName, operator: "Exists" as const })),
    ...(scopeSelector?.matchExpressions ?? []),
  ]
}

/**
 * Whether the names that an object has for a scope (its priority class, the classes of its volume) satisfy it. With none,
 * it is only what wants none that is satisfied.
 */
export function matchesNames(
  { operator, values = [] }: ScopedResourceSelectorRequirement,
  names: readonly string[],
): boolean {
  switch (operator) {
    case "Exists":
      return names.length > 0
    case "DoesNotExist":
      return names.length === 0
    case "In":
      return names.some((name) => values.includes(name))
    case "NotIn":
      return names.length === 0 || names.some((name) => !values.includes(name))
    default:
      return false
  }
}

/** The resource whose number a quota's name means: "deployments.apps" for "count/deployments.apps". */
export function countedResource(name: string): string | undefined {
  if (name.startsWith("count/")) return name.slice("count/".length)
  return countedByOwnName.has(name) ? name : undefined
}

/** What could be counted before every kind could. */
const countedByOwnName: ReadonlySet<string> = new Set([
  "configmaps",
  "replicationcontrollers",
  "resourcequotas",
  "secrets",
])

/** For every kind of which only the number counts. */
export function objectCounter(resource: string): QuotaEvaluator {
  const names = [`count/${resource}`, ...(countedByOwnName.has(resource) ? [resource] : [])]
  const usage = Object.fromEntries(names.map((name) => [name, oneItem]))
  return {
    resource,
    isCharged: ({ operation, subresource }) => operation === "CREATE" && subresource === "",
    tracks: (name) => names.includes(name),
    usageOf: () => usage,
  }
}
