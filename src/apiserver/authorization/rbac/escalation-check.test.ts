import { beforeEach, describe, expect, it } from "vitest"
import type { Draft, KubeObject } from "../../../apimachinery/meta.ts"
import type { Resource } from "../../../apimachinery/resource.ts"
import { ClusterRole } from "../../../api/rbac/v1/cluster-role.ts"
import { RoleBinding } from "../../../api/rbac/v1/role-binding.ts"
import { Role } from "../../../api/rbac/v1/role.ts"
import type { AdmissionAttributes } from "../../admission/admission.ts"
import type { UserInfo } from "../../authentication/authenticator.ts"
import {
  clusterRole,
  clusterRoleBinding,
  namespacedRole,
  paths,
  role,
  roleBinding,
  rule,
} from "./bootstrap/notation.ts"
import { escalationCheck } from "./escalation-check.ts"
import { RbacPolicy } from "./policy.ts"
import { RbacAuthorizer } from "./rbac-authorizer.ts"

const jane: UserInfo = { name: "jane", groups: ["dev"], extra: {} }
let policy: RbacPolicy
let plugin: ReturnType<typeof escalationCheck>
const put = (...objects: Draft<KubeObject>[]) => objects.forEach((object) => policy.put(object as KubeObject))

beforeEach(() => {
  policy = new RbacPolicy()
  plugin = escalationCheck(policy, new RbacAuthorizer(policy))
  put(
    clusterRole(
      "reader",
      role([rule("get list watch", "core apps", "pods deployments"), paths("get", "/logs/*")]),
    ),
    clusterRole("secrets", role([rule("get", "core", "secrets")])),
    roleBinding("team", "jane", "reader", []),
    clusterRoleBinding("jane", "reader", ["User:jane"]),
  )
})

function write(
  resource: Resource,
  object: Draft<KubeObject>,
  more: Partial<AdmissionAttributes> = {},
): Promise<string> {
  const attributes: AdmissionAttributes = {
    operation: more.oldObject ? "UPDATE" : "CREATE",
    resource,
    subresource: "",
    kind: resource,
    namespace: object.metadata?.namespace ?? "",
    name: object.metadata?.name ?? "",
    object: object as KubeObject,
    oldObject: undefined,
    options: {},
    user: jane,
    dryRun: false,
    ...more,
  }
  return Promise.resolve(plugin.mutate!(attributes)).then(
    () => "allowed",
    (error: Error) => error.message,
  )
}

describe("writing a role", () => {
  it("takes holding its rules, however they are spread", async () => {
    expect(await write(Role, namespacedRole("team", "r", [rule("get", "apps", "deployments")]))).toBe(
      "allowed",
    )
    expect(await write(ClusterRole, clusterRole("c", role([paths("get", "/logs/a")])))).toBe("allowed")
  })

  it("is refused otherwise, with what is missing", async () => {
    const wanted = [
      rule("get delete create", "core", "pods"),
      rule("get", "core", "secrets", "a"),
      paths("get", "/metrics"),
    ]
    expect(await write(Role, namespacedRole("team", "r", wanted))).toBe(
      `roles.rbac.authorization.k8s.io "r" is forbidden: user "jane" (groups=["dev"]) is attempting to grant RBAC permissions not currently held:
{APIGroups:[""], Resources:["pods"], Verbs:["delete" "create"]}
{APIGroups:[""], Resources:["secrets"], ResourceNames:["a"], Verbs:["get"]}
{NonResourceURLs:["/metrics"], Verbs:["get"]}`,
    )
  })

  it("is allowed to those who may escalate it, to masters, and to whom only owners change", async () => {
    const wanted = namespacedRole("team", "r", [rule("*", "*", "*")]) as KubeObject
    expect(await write(Role, wanted)).toMatch(/is forbidden/)
    expect(await write(Role, wanted, { user: { ...jane, groups: ["system:masters"] } })).toBe("allowed")
    const owned = { ...wanted, metadata: { ...wanted.metadata, finalizers: ["x"] } }
    expect(await write(Role, wanted, { oldObject: owned })).toBe("allowed")
    expect(await write(Role, wanted, { oldObject: { ...wanted, rules: [] } as KubeObject })).toMatch(
      /is forbidden/,
    )
    put(
      clusterRole("escalator", role([rule("escalate", "rbac.authorization.k8s.io", "roles")])),
      clusterRoleBinding("escalator", "escalator", ["User:jane"]),
    )
    expect(await write(Role, wanted)).toBe("allowed")
    expect(await write(ClusterRole, clusterRole("c", role([rule("*", "*", "*")])))).toMatch(/is forbidden/)
  })

  it("that gathers others takes everything", async () => {
    const gathering = clusterRole("g", role([], { aggregates: "x" }))
    expect(await write(ClusterRole, gathering)).toBe(
      'clusterroles.rbac.authorization.k8s.io "g" is forbidden: must have cluster-admin privileges to use the aggregationRule',
    )
    put(
      clusterRole("cluster-admin", role([rule("*", "*", "*"), paths("*", "*")])),
      clusterRoleBinding("root", "cluster-admin", ["Group:dev"]),
    )
    expect(await write(ClusterRole, gathering)).toBe("allowed")
  })
})

describe("writing a binding", () => {
  const bind = (roleName: string) => {
    const binding = roleBinding("team", "b", roleName, ["User:joe"])
    return write(RoleBinding, {
      ...binding,
      roleRef: { ...binding.roleRef, kind: "ClusterRole" },
    } as Draft<KubeObject>)
  }

  it("takes holding the role's rules, or being allowed to bind it", async () => {
    expect(await bind("reader")).toBe("allowed")
    expect(await bind("secrets")).toMatch(
      /attempting to grant RBAC permissions not currently held:\n\{APIGroups:\[""\], Resources:\["secrets"\]/,
    )
    put(
      namespacedRole("team", "binder", [
        rule("bind", "rbac.authorization.k8s.io", "clusterroles", "secrets"),
      ]),
      roleBinding("team", "binder", "binder", ["User:jane"]),
    )
    expect(await bind("secrets")).toBe("allowed")
  })

  it("takes that the role is there", async () => {
    expect(await bind("gone")).toBe('clusterrole.rbac.authorization.k8s.io "gone" not found')
  })
})
