import { quote } from "../../../base/quote.ts"
import { formatKey, type KubeObject, keyOf } from "../../../apimachinery/meta.ts"
import type { StatusError } from "../../../apimachinery/status-error.ts"
import { badRequest, notFound } from "../../../apimachinery/status-errors.ts"
import { ClusterRoleBinding } from "../../../api/rbac/v1/cluster-role-binding.ts"
import { ClusterRole } from "../../../api/rbac/v1/cluster-role.ts"
import type { PolicyRule } from "../../../api/rbac/v1/policy-rule.ts"
import { RoleBinding } from "../../../api/rbac/v1/role-binding.ts"
import { Role } from "../../../api/rbac/v1/role.ts"
import type { RoleRef } from "../../../api/rbac/v1/subject.ts"
import type { UserInfo } from "../../authentication/authenticator.ts"
import type { ObjectFollower } from "../object-follower.ts"
import { type Grant, SubjectIndex } from "./subject-index.ts"

/** What a binding gives: the rules of its role, or why there are none. */
export interface GrantedRules extends Grant {
  readonly rules: readonly PolicyRule[]
  readonly error?: StatusError
}

/** All roles and bindings of the cluster, arranged for the question "what may this user do here?". */
export class RbacPolicy implements ObjectFollower {
  readonly resources = [Role, ClusterRole, RoleBinding, ClusterRoleBinding]
  readonly #roles = new Map<string, Role>()
  readonly #clusterRoles = new Map<string, ClusterRole>()
  readonly #clusterBindings = new SubjectIndex()
  readonly #bindings = new Map<string, SubjectIndex>()

  put(object: KubeObject): void {
    const { name, namespace = "" } = object.metadata
    if (object.kind === "Role") this.#roles.set(formatKey(keyOf(object)), object as Role)
    else if (object.kind === "ClusterRole") this.#clusterRoles.set(name, object as ClusterRole)
    else if (object.kind === "ClusterRoleBinding") this.#clusterBindings.put(object as ClusterRoleBinding)
    else if (object.kind === "RoleBinding") {
      let index = this.#bindings.get(namespace)
      if (!index) this.#bindings.set(namespace, (index = new SubjectIndex()))
      index.put(object as RoleBinding)
    }
  }

  remove(object: KubeObject): void {
    const { name, namespace = "" } = object.metadata
    if (object.kind === "Role") this.#roles.delete(formatKey(keyOf(object)))
    else if (object.kind === "ClusterRole") this.#clusterRoles.delete(name)
    else if (object.kind === "ClusterRoleBinding") this.#clusterBindings.remove(name)
    else if (object.kind === "RoleBinding") {
      const index = this.#bindings.get(namespace)
      index?.remove(name)
      if (index?.size === 0) this.#bindings.delete(namespace)
    }
  }

  /** Everything that reaches the user: cluster-wide bindings first, then those of `namespace` unless it is "". */
  *rulesOf(user: UserInfo, namespace: string): Iterable<GrantedRules> {
    for (const grant of this.#clusterBindings.grantsOf(user)) yield this.#resolve(grant, "")
    if (namespace === "") return
    for (const grant of this.#bindings.get(namespace)?.grantsOf(user) ?? [])
      yield this.#resolve(grant, namespace)
  }

  /** The rules of the role a binding in `namespace` refers to. Throws StatusError NotFound. */
  getRules(reference: RoleRef, namespace: string): readonly PolicyRule[] {
    if (reference.kind === "ClusterRole") {
      const role = this.#clusterRoles.get(reference.name)
      if (role) return role.rules ?? []
      throw notFound({ group: ClusterRole.group, plural: "clusterrole" }, reference.name)
    }
    if (reference.kind !== "Role")
      throw badRequest(`unsupported role reference kind: ${quote(reference.kind)}`)
    const role = this.#roles.get(`${namespace}/${reference.name}`)
    if (role) return role.rules ?? []
    throw notFound({ group: Role.group, plural: "role" }, reference.name)
  }

  #resolve(grant: Grant, namespace: string): GrantedRules {
    try {
      return { ...grant, rules: this.getRules(grant.binding.roleRef, namespace) }
    } catch (error) {
      return { ...grant, rules: [], error: error as StatusError }
    }
  }
}
