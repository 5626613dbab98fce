/**
 * ClusterRole aggregation: a ClusterRole with an aggregation rule allows what all the ClusterRoles allow that it selects.
 *
 * Reads ClusterRoles; writes `rules` of those that aggregate. Woken by changes of any ClusterRole.
 */
import { ClusterRole } from "../../api/rbac/v1/cluster-role.ts"
import type { PolicyRule } from "../../api/rbac/v1/policy-rule.ts"
import { canonicalJson } from "../../apimachinery/hash.ts"
import { matchesLabels, selectorFromObject } from "../../apimachinery/labels.ts"
import { keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  type Result,
  watch,
} from "../../client/controller.ts"
import { deepEqual } from "../shared/deep-equal.ts"

export const clusterRoleAggregationController: ControllerDefinition = {
  name: "clusterrole-aggregation-controller",
  watches: [
    watch(ClusterRole, (_, cache) =>
      cache.list(ClusterRole, { where: ({ aggregationRule }) => aggregationRule !== undefined }).map(keyOf),
    ),
  ],
  reconcile,
}

async function reconcile(key: ObjectKey, { client, cache }: ReconcileContext): Promise<Result> {
  const role = cache.find(ClusterRole, key)
  if (!role?.aggregationRule) return done
  const rules = aggregateRules(role, cache.list(ClusterRole))
  if (!deepEqual(rules, role.rules ?? [])) await client.update(ClusterRole, { ...role, rules })
  return done
}

/** The rules of all roles that are selected, in the order of their names, each rule once. */
export function aggregateRules(role: ClusterRole, roles: readonly ClusterRole[]): PolicyRule[] {
  const rules = new Map<string, PolicyRule>()
  for (const object of role.aggregationRule?.clusterRoleSelectors ?? []) {
    const selector = selectorFromObject(object)
    const selected = roles
      .filter(
        ({ metadata }) => metadata.name !== role.metadata.name && matchesLabels(selector, metadata.labels),
      )
      .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
    for (const rule of selected.flatMap((one) => one.rules ?? [])) rules.set(canonicalJson(rule), rule)
  }
  return Array.from(rules.values())
}
