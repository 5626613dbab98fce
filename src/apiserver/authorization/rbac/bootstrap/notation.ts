import type { Draft } from "../../../../apimachinery/meta.ts"
import { ClusterRoleBinding } from "../../../../api/rbac/v1/cluster-role-binding.ts"
import { ClusterRole } from "../../../../api/rbac/v1/cluster-role.ts"
import type { PolicyRule } from "../../../../api/rbac/v1/policy-rule.ts"
import { RoleBinding } from "../../../../api/rbac/v1/role-binding.ts"
import { Role } from "../../../../api/rbac/v1/role.ts"
import type { Subject } from "../../../../api/rbac/v1/subject.ts"

/*
 * A short way to write the default policy down. Lists are words with spaces between them; the core group, whose name is
 * empty, is written "core".
 *
 * @example
 * role([rule("get list watch", "apps", "deployments replicasets"), paths("get", "/healthz")])
 */

export const core = "core"
export const read = "get list watch"
export const write = "create delete deletecollection patch update"
export const readWrite = "create delete deletecollection get list patch update watch"

const words = (text: string) => text.trim().split(/\s+/)

export function rule(verbs: string, groups: string, resources: string, names?: string): PolicyRule {
  return {
    apiGroups: words(groups).map((group) => (group === core ? "" : group)),
    resources: words(resources),
    verbs: words(verbs),
    ...(names && { resourceNames: words(names) }),
  }
}

export function paths(verbs: string, urls: string): PolicyRule {
  return { nonResourceURLs: words(urls), verbs: words(verbs) }
}

/** Almost everybody writes Events, in the old group or the new one. */
export const recordEvents: PolicyRule = rule("create patch update", "core events.k8s.io", "events")

export interface RoleNotation {
  readonly rules: readonly PolicyRule[]
  /** "edit": the rules become part of the role that aggregates "edit". */
  readonly aggregateTo?: string
  /** "edit": the role's rules are those of all roles that aggregate to "edit". */
  readonly aggregates?: string
}

export function role(rules: readonly PolicyRule[], more: Omit<RoleNotation, "rules"> = {}): RoleNotation {
  return { rules, ...more }
}

const group = "rbac.authorization.k8s.io"

/** "Group:system:masters", "User:jane", "ServiceAccount:kube-system/kube-dns". */
export function subject(text: string): Subject {
  const colon = text.indexOf(":")
  const kind = text.slice(0, colon)
  const name = text.slice(colon + 1)
  if (kind !== "ServiceAccount") return { apiGroup: group, kind, name }
  const slash = name.indexOf("/")
  return { kind, name: name.slice(slash + 1), namespace: name.slice(0, slash) }
}

const annotations = { "rbac.authorization.kubernetes.io/autoupdate": "true" }
const labels = { "kubernetes.io/bootstrapping": "rbac-defaults" }
const aggregationLabel = (name: string) => ({ [`rbac.authorization.k8s.io/aggregate-to-${name}`]: "true" })
const apiVersion = `${group}/v1`

export function clusterRole(name: string, notation: RoleNotation): Draft<ClusterRole> {
  const { rules, aggregateTo, aggregates } = notation
  return {
    apiVersion,
    kind: ClusterRole.kind,
    metadata: {
      name,
      annotations,
      labels: { ...labels, ...(aggregateTo && aggregationLabel(aggregateTo)) },
    },
    ...(aggregates && {
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: aggregationLabel(aggregates) }] },
    }),
    rules: [...rules],
  }
}

export function namespacedRole(namespace: string, name: string, rules: readonly PolicyRule[]): Draft<Role> {
  return {
    apiVersion,
    kind: Role.kind,
    metadata: { name, namespace, annotations, labels },
    rules: [...rules],
  }
}

export function clusterRoleBinding(
  name: string,
  roleName: string,
  subjects: readonly string[],
): Draft<ClusterRoleBinding> {
  return {
    apiVersion,
    kind: ClusterRoleBinding.kind,
    metadata: { name, annotations, labels },
    roleRef: { apiGroup: group, kind: "ClusterRole", name: roleName },
    ...(subjects.length > 0 && { subjects: subjects.map(subject) }),
  }
}

export function roleBinding(
  namespace: string,
  name: string,
  roleName: string,
  subjects: readonly string[],
): Draft<RoleBinding> {
  return {
    apiVersion,
    kind: RoleBinding.kind,
    metadata: { name, namespace, annotations, labels },
    roleRef: { apiGroup: group, kind: "Role", name: roleName },
    subjects: subjects.map(subject),
  }
}
