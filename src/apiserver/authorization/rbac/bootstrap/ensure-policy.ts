import type { Draft, KubeObject } from "../../../../apimachinery/meta.ts"
import type { Resource } from "../../../../apimachinery/resource.ts"
import { ignoreAlreadyExists, ignoreConflict, ignoreNotFound } from "../../../../apimachinery/status-error.ts"
import { Namespace } from "../../../../api/core/v1/namespace.ts"
import { ClusterRoleBinding } from "../../../../api/rbac/v1/cluster-role-binding.ts"
import { ClusterRole } from "../../../../api/rbac/v1/cluster-role.ts"
import { RoleBinding } from "../../../../api/rbac/v1/role-binding.ts"
import { Role } from "../../../../api/rbac/v1/role.ts"
import type { Client } from "../../../../client/client.ts"
import type { Policy } from "./default-policy.ts"
import { planBinding, planRole } from "./plan-policy.ts"
import { withAggregatedRules } from "./aggregated-rules.ts"

/**
 * Makes true that the cluster has the policy: creates what is missing, gives back rules and subjects that were taken
 * away, and leaves alone what was added, and whatever carries `rbac.authorization.kubernetes.io/autoupdate: "false"`.
 * `client` must be allowed everything. Safe to run from several servers at once.
 */
export async function ensurePolicy(client: Client, policy: Policy): Promise<void> {
  const namespaces = new Set(policy.roles.map(({ metadata }) => metadata!.namespace!))
  await Promise.all(
    Array.from(namespaces, (name) =>
      client.create(Namespace, { metadata: { name } }).catch(ignoreAlreadyExists),
    ),
  )
  // All at once: the store makes one durable write of what arrives together.
  await Promise.all([
    ensureAll(client, ClusterRole, withAggregatedRules(policy.clusterRoles), planRole),
    ensureAll(client, Role, policy.roles, planRole),
    ensureAll(client, ClusterRoleBinding, policy.clusterRoleBindings, planBinding),
    ensureAll(client, RoleBinding, policy.roleBindings, planBinding),
  ])
}

async function ensureAll<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  wanted: readonly Draft<T>[],
  plan: (existing: T, wanted: Draft<T>) => T | "recreate" | undefined,
): Promise<void> {
  const { items } = await client.list(resource)
  const keyOf = ({ metadata }: Draft<KubeObject>) => `${metadata?.namespace ?? ""}/${metadata?.name}`
  const existing = new Map(items.map((object) => [keyOf(object as Draft<KubeObject>), object]))
  await Promise.all(
    wanted.map(async (draft) => {
      const found = existing.get(keyOf(draft))
      if (!found) return client.create(resource, draft).catch(ignoreAlreadyExists)
      const planned = plan(found, draft)
      // Another server that starts at the same time does the same.
      if (planned === "recreate") return recreate(client, resource, found, draft)
      return planned && client.update(resource, planned).catch(ignoreConflict)
    }),
  )
}

// A binding's role cannot be changed, only its subjects.
async function recreate<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  found: T,
  draft: Draft<T>,
): Promise<void> {
  const { uid } = found.metadata
  await client.delete(resource, found.metadata, { preconditions: { uid } }).catch(ignoreNotFound)
  await client.create(resource, draft).catch(ignoreAlreadyExists)
}
