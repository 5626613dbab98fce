import type { ClusterRoleBinding } from "../../../api/rbac/v1/cluster-role-binding.ts"
import type { RoleBinding } from "../../../api/rbac/v1/role-binding.ts"
import type { Subject } from "../../../api/rbac/v1/subject.ts"
import type { UserInfo } from "../../authentication/authenticator.ts"
import { serviceAccountUserName } from "../../authentication/service-account-user.ts"

export type Binding = RoleBinding | ClusterRoleBinding

/** A binding that reaches somebody, and by which of its subjects. */
export interface Grant {
  readonly binding: Binding
  readonly subject: Subject
}

/** Bindings by whom they reach: the cost of finding a user's is that of the answer. */
export class SubjectIndex {
  readonly #users = new Map<string, Map<string, Grant>>()
  readonly #groups = new Map<string, Map<string, Grant>>()
  readonly #bindings = new Map<string, Binding>()

  put(binding: Binding): void {
    this.remove(binding.metadata.name)
    this.#bindings.set(binding.metadata.name, binding)
    for (const subject of binding.subjects ?? []) {
      const [index, key] = this.#placeOf(subject, binding)
      if (!index) continue
      let grants = index.get(key)
      if (!grants) index.set(key, (grants = new Map()))
      if (!grants.has(binding.metadata.name)) grants.set(binding.metadata.name, { binding, subject })
    }
  }

  remove(name: string): void {
    const binding = this.#bindings.get(name)
    if (!binding) return
    this.#bindings.delete(name)
    for (const subject of binding.subjects ?? []) {
      const [index, key] = this.#placeOf(subject, binding)
      const grants = index?.get(key)
      grants?.delete(name)
      if (grants?.size === 0) index?.delete(key)
    }
  }

  get size(): number {
    return this.#bindings.size
  }

  /** A binding that reaches the user in several ways is given several times. */
  *grantsOf(user: UserInfo): Iterable<Grant> {
    yield* this.#users.get(user.name)?.values() ?? []
    for (const group of user.groups) yield* this.#groups.get(group)?.values() ?? []
  }

  #placeOf(subject: Subject, binding: Binding): [Map<string, Map<string, Grant>>, string] | [undefined, ""] {
    if (subject.kind === "User") return [this.#users, subject.name]
    if (subject.kind === "Group") return [this.#groups, subject.name]
    const namespace = subject.namespace || binding.metadata.namespace
    if (subject.kind === "ServiceAccount" && namespace)
      return [this.#users, serviceAccountUserName(namespace, subject.name)]
    return [undefined, ""]
  }
}
