import type { KubeObject } from "../../../apimachinery/meta.ts"
import type { Amounts } from "../v1/pod-resources.ts"
import type { ResourceQuota } from "../v1/resource-quota.ts"
import { filterAmounts, sumAmounts } from "./amounts.ts"
import { countedResource, isInScope, objectCounter, type QuotaEvaluator } from "./quota-evaluator.ts"
import { zeroQuantity } from "../../../apimachinery/quantity.ts"

/** The evaluators of a server: the ones that know more than numbers, and a counter for every other resource. */
export class QuotaEvaluators {
  readonly #evaluators: Map<string, QuotaEvaluator>

  constructor(special: readonly QuotaEvaluator[]) {
    this.#evaluators = new Map(special.map((each) => [each.resource, each]))
  }

  /** Undefined for what never counts. `resource` as in "deployments.apps". */
  find(resource: string): QuotaEvaluator | undefined {
    if (uncounted.has(resource)) return undefined
    let evaluator = this.#evaluators.get(resource)
    if (!evaluator) this.#evaluators.set(resource, (evaluator = objectCounter(resource)))
    return evaluator
  }

  /** Those that have something to say about a quota's names. */
  forNames(names: readonly string[]): QuotaEvaluator[] {
    for (const name of names) {
      const counted = countedResource(name)
      if (counted) this.find(counted)
    }
    return [...this.#evaluators.values()].filter((each) => names.some((name) => each.tracks(name)))
  }
}

const uncounted: ReadonlySet<string> = new Set([
  "bindings",
  "componentstatuses",
  "events",
  "events.events.k8s.io",
  "tokenreviews.authentication.k8s.io",
  "selfsubjectreviews.authentication.k8s.io",
  "subjectaccessreviews.authorization.k8s.io",
  "selfsubjectaccessreviews.authorization.k8s.io",
  "localsubjectaccessreviews.authorization.k8s.io",
  "selfsubjectrulesreviews.authorization.k8s.io",
])

/**
 * All that counts against a quota now. What nothing tracks is absent. `list` gives the objects of a resource in the quota's
 * namespace; undefined for a resource that is not served.
 */
export function computeQuotaUsage(
  quota: Pick<ResourceQuota, "spec">,
  evaluators: QuotaEvaluators,
  list: (resource: string) => readonly KubeObject[] | undefined,
): Amounts {
  const names = Object.keys(quota.spec.hard ?? {})
  let used: Amounts = {}
  for (const evaluator of evaluators.forNames(names)) {
    const objects = list(evaluator.resource)
    if (!objects) continue
    const tracked = names.filter((name) => evaluator.tracks(name))
    used = sumAmounts(used, Object.fromEntries(tracked.map((name) => [name, zeroQuantity])))
    for (const object of objects)
      if (isInScope(evaluator, quota, object)) used = sumAmounts(used, evaluator.usageOf(object))
  }
  return filterAmounts(used, (name) => names.includes(name))
}
