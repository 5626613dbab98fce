import type { Draft, KubeObject } from "../../../../apimachinery/meta.ts"
import type { ClusterRole } from "../../../../api/rbac/v1/cluster-role.ts"
import type { PolicyRule } from "../../../../api/rbac/v1/policy-rule.ts"
import type { Role } from "../../../../api/rbac/v1/role.ts"
import type { Subject } from "../../../../api/rbac/v1/subject.ts"
import { missingRules } from "../rule-cover.ts"
import type { Binding } from "../subject-index.ts"

const autoUpdate = "rbac.authorization.kubernetes.io/autoupdate"

/** The role with what it lacks of `wanted`; undefined when it lacks nothing or must not be touched. */
export function planRole<T extends Role | ClusterRole>(existing: T, wanted: Draft<T>): T | undefined {
  if (isProtected(existing)) return undefined
  const role: ClusterRole = existing
  const target = wanted as Draft<ClusterRole>
  const metadata = withMarks(existing, target)
  const needsAggregation = target.aggregationRule !== undefined && role.aggregationRule === undefined
  // The rules of an aggregating role are the aggregation controller's.
  const missing = target.aggregationRule
    ? []
    : missingRules(role.rules ?? [], (target.rules ?? []) as PolicyRule[])
  if (!metadata && !needsAggregation && missing.length === 0) return undefined
  return {
    ...existing,
    ...(metadata && { metadata }),
    ...(needsAggregation && { aggregationRule: target.aggregationRule }),
    rules: [...(role.rules ?? []), ...missing],
  }
}

/** The binding with the subjects it lacks; "recreate" when it binds another role. */
export function planBinding<T extends Binding>(existing: T, wanted: Draft<T>): T | "recreate" | undefined {
  if (isProtected(existing)) return undefined
  const target = wanted as Draft<Binding>
  const { kind, name } = existing.roleRef
  if (kind !== target.roleRef?.kind || name !== target.roleRef?.name) return "recreate"
  const has = new Set((existing.subjects ?? []).map(identify))
  const missing = ((target.subjects ?? []) as Subject[]).filter((subject) => !has.has(identify(subject)))
  const metadata = withMarks(existing, target)
  if (!metadata && missing.length === 0) return undefined
  return {
    ...existing,
    ...(metadata && { metadata }),
    subjects: [...(existing.subjects ?? []), ...missing],
  }
}

function isProtected({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[autoUpdate] === "false"
}

/** The metadata with the wanted labels and annotations, which yield to existing ones; undefined when none is missing. */
function withMarks(existing: KubeObject, wanted: Draft<KubeObject>): KubeObject["metadata"] | undefined {
  const { labels = {}, annotations = {} } = existing.metadata
  const lacks = (have: object, want: object = {}) => Object.keys(want).some((key) => !(key in have))
  const target = wanted.metadata ?? {}
  if (!lacks(labels, target.labels) && !lacks(annotations, target.annotations)) return undefined
  return {
    ...existing.metadata,
    labels: { ...(target.labels as Record<string, string>), ...labels },
    annotations: { ...(target.annotations as Record<string, string>), ...annotations },
  }
}

function identify({ kind, apiGroup, name, namespace }: Subject): string {
  return JSON.stringify([kind, apiGroup ?? "", name, namespace ?? ""])
}
