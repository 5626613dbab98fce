import type { Draft } from "../../../../apimachinery/meta.ts"
import type { ClusterRole } from "../../../../api/rbac/v1/cluster-role.ts"

/**
 * Fills the rules of aggregating roles as the aggregation controller will: `admin`, `edit` and `view` are good from the
 * first moment, not only once that controller runs.
 */
export function withAggregatedRules(roles: readonly Draft<ClusterRole>[]): Draft<ClusterRole>[] {
  const byName = [...roles].sort((a, b) => (a.metadata!.name! < b.metadata!.name! ? -1 : 1))
  const rulesOf = (role: Draft<ClusterRole>): Draft<ClusterRole>["rules"] => {
    const labels = role.aggregationRule?.clusterRoleSelectors?.[0]?.matchLabels
    if (!labels) return role.rules
    const parts = byName.filter(({ metadata }) => metadata?.labels && includes(metadata.labels, labels))
    const unique = new Map(
      parts.flatMap((part) => rulesOf(part) ?? []).map((rule) => [JSON.stringify(rule), rule]),
    )
    return [...unique.values()]
  }
  return roles.map((role) => (role.aggregationRule ? { ...role, rules: rulesOf(role) } : role))
}

function includes(labels: object, wanted: object): boolean {
  const have = new Map(Object.entries(labels))
  return Object.entries(wanted).every(([key, value]) => have.get(key) === value)
}
