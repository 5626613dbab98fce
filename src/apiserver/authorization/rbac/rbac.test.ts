import { beforeEach, describe, expect, it } from "vitest"
import type { Draft, KubeObject } from "../../../apimachinery/meta.ts"
import type { UserInfo } from "../../authentication/authenticator.ts"
import { serviceAccountGroups, serviceAccountUserName } from "../../authentication/service-account-user.ts"
import { AuthorizerChain, mastersAuthorizer } from "../authorizer-chain.ts"
import { forbiddenError } from "../forbidden.ts"
import { parseQuestion } from "../testing.ts"
import { withAggregatedRules } from "./bootstrap/aggregated-rules.ts"
import { defaultPolicy } from "./bootstrap/default-policy.ts"
import {
  clusterRole,
  clusterRoleBinding,
  namespacedRole,
  paths,
  role,
  roleBinding,
  rule,
} from "./bootstrap/notation.ts"
import { RbacPolicy } from "./policy.ts"
import { RbacAuthorizer } from "./rbac-authorizer.ts"

const user = (name: string, ...groups: string[]): UserInfo => ({
  name,
  groups: [...groups, "system:authenticated"],
  extra: {},
})
const account = (namespace: string, name: string) =>
  user(serviceAccountUserName(namespace, name), ...serviceAccountGroups(namespace))

let policy: RbacPolicy
let authorizer: RbacAuthorizer
const put = (...objects: Draft<KubeObject>[]) => objects.forEach((object) => policy.put(object as KubeObject))
const may = (who: UserInfo, text: string) =>
  authorizer.authorize(parseQuestion(who, text)).decision === "allowed"

beforeEach(() => {
  policy = new RbacPolicy()
  authorizer = new RbacAuthorizer(policy)
})

describe("a rule", () => {
  const jane = user("jane", "dev")
  beforeEach(() =>
    put(
      clusterRole(
        "many",
        role([
          rule("get", "core", "pods services/status"),
          rule("update", "apps extensions", "deployments", "web api"),
          rule("get", "*", "*/scale"),
          rule("*", "batch", "*"),
          paths("get", "/healthz /logs/*"),
        ]),
      ),
      clusterRoleBinding("many", "many", ["User:jane"]),
    ),
  )

  it.each<[string, boolean]>([
    ["get pods default/a", true],
    ["get pods", true],
    ["list pods default/", false],
    ["get pods/log default/a", false],
    ["get services/status default/a", true],
    ["get services default/a", false],
    ["get pods.other default/a", false],
    ["update deployments.apps default/web", true],
    ["update deployments.extensions default/api", true],
    ["update deployments.apps default/other", false],
    ["update deployments.apps default/", false],
    ["get replicasets/scale.apps default/x", true],
    ["get scale.apps default/x", false],
    ["deletecollection jobs/status.batch default/", true],
    ["get /healthz", true],
    ["get /healthz/etcd", false],
    ["get /logs/a/b", true],
    ["post /healthz", false],
  ])("%s: %s", (question, expected) => {
    expect(may(jane, question)).toBe(expected)
    expect(may(user("joe"), question)).toBe(false)
  })
})

describe("a binding", () => {
  beforeEach(() =>
    put(
      clusterRole("reader", role([rule("get", "core", "pods")])),
      namespacedRole("a", "writer", [rule("create", "core", "pods")]),
      clusterRoleBinding("g", "reader", ["Group:ops"]),
      roleBinding("a", "w", "writer", ["User:jane", "ServiceAccount:b/bot"]),
    ),
  )

  it("reaches users, groups and ServiceAccounts, within its namespace", () => {
    expect(may(user("x", "ops"), "get pods b/x")).toBe(true)
    expect(may(user("jane"), "create pods a/")).toBe(true)
    expect(may(user("jane"), "create pods b/")).toBe(false)
    expect(may(user("jane"), "create pods")).toBe(false)
    expect(may(account("b", "bot"), "create pods a/")).toBe(true)
    expect(may(account("a", "bot"), "create pods a/")).toBe(false)
  })

  it("says why it allows", () => {
    const reason = (who: UserInfo, text: string) => authorizer.authorize(parseQuestion(who, text)).reason
    expect(reason(user("x", "ops"), "get pods b/x")).toBe(
      'RBAC: allowed by ClusterRoleBinding "g" of ClusterRole "reader" to Group "ops"',
    )
    expect(reason(account("b", "bot"), "create pods a/")).toBe(
      'RBAC: allowed by RoleBinding "w/a" of Role "writer" to ServiceAccount "bot/b"',
    )
  })

  it("follows changes, and forgets what is removed", () => {
    put(roleBinding("a", "w", "writer", ["User:joe"]))
    expect(may(user("jane"), "create pods a/")).toBe(false)
    expect(may(user("joe"), "create pods a/")).toBe(true)
    policy.remove(roleBinding("a", "w", "writer", []) as KubeObject)
    expect(may(user("joe"), "create pods a/")).toBe(false)
    policy.remove(clusterRole("reader", role([])) as KubeObject)
    const question = parseQuestion(user("x", "ops"), "get pods b/x")
    const { reason } = authorizer.authorize(question)
    expect(reason).toBe('RBAC: clusterrole.rbac.authorization.k8s.io "reader" not found')
    expect(forbiddenError(question, reason).message).toBe(
      'pods "x" is forbidden: User "x" cannot get resource "pods" in API group "" in the namespace "b": RBAC: clusterrole.rbac.authorization.k8s.io "reader" not found',
    )
  })

  it("is listed by SelfSubjectRulesReview", () => {
    put(
      clusterRole("paths", role([paths("get", "/metrics")])),
      clusterRoleBinding("p", "paths", ["User:jane"]),
    )
    expect(authorizer.rulesFor(user("jane"), "a")).toEqual({
      resourceRules: [{ verbs: ["create"], apiGroups: [""], resources: ["pods"] }],
      nonResourceRules: [{ verbs: ["get"], nonResourceURLs: ["/metrics"] }],
      incomplete: false,
    })
  })
})

describe("a refusal reads as kubectl users know it", () => {
  it.each([
    [
      "list pods default/",
      'pods is forbidden: User "eve" cannot list resource "pods" in API group "" in the namespace "default"',
    ],
    [
      "get nodes n1",
      'nodes "n1" is forbidden: User "eve" cannot get resource "nodes" in API group "" at the cluster scope',
    ],
    [
      "create pods/exec default/a",
      'pods "a" is forbidden: User "eve" cannot create resource "pods/exec" in API group "" in the namespace "default"',
    ],
    [
      "update deployments.apps x/web",
      'deployments.apps "web" is forbidden: User "eve" cannot update resource "deployments" in API group "apps" in the namespace "x"',
    ],
    ["get /metrics", 'forbidden: User "eve" cannot get path "/metrics"'],
  ])("%s", (question, message) => {
    const error = forbiddenError(parseQuestion(user("eve"), question), "")
    expect(error.message).toBe(message)
    expect(error.code).toBe(403)
  })

  it("and is no page for a browser", () => {
    const { message } = forbiddenError({ user: user("<b>"), verb: "get", path: "/" }, "")
    expect(message).toBe('forbidden: User "&lt;b&gt;" cannot get path "/"')
  })
})

// https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings
describe("the default policy", () => {
  const controller = (name: string) => account("kube-system", name)
  const people = {
    master: user("root", "system:masters"),
    clusterAdmin: user("kubernetes-admin", "kubeadm:cluster-admins"),
    admin: user("admin"),
    editor: user("editor"),
    viewer: user("viewer"),
    anybody: user("anybody"),
    nobody: { name: "system:anonymous", groups: ["system:unauthenticated"], extra: {} },
    scheduler: user("system:kube-scheduler"),
    controllerManager: user("system:kube-controller-manager"),
    proxy: user("system:kube-proxy"),
    pod: account("default", "default"),
    dns: controller("kube-dns"),
    replicaSets: controller("replicaset-controller"),
    garbage: controller("generic-garbage-collector"),
    namespaces: controller("namespace-controller"),
    node: user("system:node:n1", "system:nodes"),
  } satisfies Record<string, UserInfo>

  beforeEach(() => {
    const { clusterRoles, clusterRoleBindings, roles, roleBindings } = defaultPolicy()
    put(...withAggregatedRules(clusterRoles), ...clusterRoleBindings, ...roles, ...roleBindings)
    for (const [name, roleName] of [
      ["admin", "admin"],
      ["editor", "edit"],
      ["viewer", "view"],
    ] as const) {
      const binding = roleBinding("team", name, roleName, [`User:${name}`])
      put({ ...binding, roleRef: { ...binding.roleRef, kind: "ClusterRole" } } as Draft<KubeObject>)
    }
  })

  it.each<[keyof typeof people, string, boolean]>([
    ["clusterAdmin", "delete nodes n1", true],
    ["clusterAdmin", "post /anything", true],
    ["admin", "create rolebindings.rbac.authorization.k8s.io team/", true],
    ["admin", "update resourcequotas team/q", false],
    ["admin", "delete namespaces team/team", false],
    ["admin", "get secrets team/s", true],
    ["admin", "get secrets other/s", false],
    ["editor", "get secrets team/s", true],
    ["editor", "create pods/exec team/p", true],
    ["editor", "create serviceaccounts/token team/a", true],
    ["editor", "impersonate serviceaccounts team/a", true],
    ["editor", "create rolebindings.rbac.authorization.k8s.io team/", false],
    ["editor", "patch deployments/scale.apps team/web", true],
    ["editor", "update pods/status team/p", false],
    ["editor", "update endpoints team/e", false],
    ["viewer", "list pods team/", true],
    ["viewer", "get pods/log team/p", true],
    ["viewer", "get secrets team/s", false],
    ["viewer", "create pods/exec team/p", false],
    ["viewer", "delete pods team/p", false],
    ["viewer", "get roles.rbac.authorization.k8s.io team/r", false],
    ["anybody", "get /apis/apps", true],
    ["anybody", "get /version", true],
    ["anybody", "create selfsubjectaccessreviews.authorization.k8s.io", true],
    ["anybody", "create selfsubjectreviews.authentication.k8s.io", true],
    ["anybody", "get /metrics", false],
    ["anybody", "list pods default/", false],
    ["nobody", "get /healthz", true],
    ["nobody", "get /version", true],
    ["nobody", "get /api", false],
    ["nobody", "get /openid/v1/jwks", false],
    ["pod", "get /openid/v1/jwks", true],
    ["pod", "get /.well-known/openid-configuration", true],
    ["pod", "list pods default/", false],
    ["scheduler", "create pods/binding default/p", true],
    ["scheduler", "list nodes", true],
    ["scheduler", "get secrets default/s", false],
    ["scheduler", "update leases.coordination.k8s.io kube-system/kube-scheduler", true],
    ["scheduler", "update leases.coordination.k8s.io default/other", false],
    ["controllerManager", "list widgets.example.com", true],
    ["controllerManager", "create serviceaccounts/token kube-system/x", true],
    ["controllerManager", "create pods default/", false],
    ["controllerManager", "get configmaps kube-system/extension-apiserver-authentication", true],
    ["proxy", "watch endpointslices.discovery.k8s.io", true],
    ["proxy", "list pods", false],
    ["dns", "watch services", true],
    ["replicaSets", "create pods default/", true],
    ["replicaSets", "create deployments.apps default/", false],
    ["replicaSets", "update replicasets/status.apps default/r", true],
    ["garbage", "delete widgets.example.com x/y", true],
    ["garbage", "create pods default/", false],
    ["namespaces", "deletecollection secrets x/", true],
    ["namespaces", "update namespaces/finalize x/x", true],
    ["node", "get secrets default/s", false],
    ["node", "list pods", false],
  ])("%s %s: %s", (who, question, expected) => {
    expect(may(people[who], question)).toBe(expected)
  })

  it("lets system:masters in even where RBAC has nothing to say", async () => {
    const question = parseQuestion(people.master, "delete everything.example.com x/y")
    const chain = new AuthorizerChain([mastersAuthorizer, new RbacAuthorizer(new RbacPolicy())])
    expect(await chain.authorize(question)).toEqual({ decision: "allowed", reason: "" })
    expect((await chain.authorize({ ...question, user: people.anybody })).decision).toBe("noOpinion")
  })
})
