import { describe, expect, it } from "vitest"
import type { Authorizer, ResourceAttributes } from "../authorization/authorizer.ts"
import type { UserInfo } from "./authenticator.ts"
import { impersonate } from "./impersonation.ts"

const jane: UserInfo = { name: "jane", groups: ["system:authenticated"], extra: {} }
const agent: UserInfo = {
  name: "system:serviceaccount:kube-system:agent",
  groups: [],
  extra: { "authentication.kubernetes.io/node-name": ["n1"] },
}

const request = (user: UserInfo): ResourceAttributes => ({
  user,
  verb: "list",
  apiGroup: "",
  apiVersion: "v1",
  namespace: "default",
  resource: "pods",
  subresource: "",
  name: "",
})

/** Allows what is listed as "VERB RESOURCE[/SUBRESOURCE][.GROUP] NAME". */
function allowing(...allowed: string[]): Authorizer {
  return {
    authorize(attributes) {
      if (attributes.path !== undefined) return { decision: "noOpinion", reason: "" }
      const { verb, resource, subresource, apiGroup, name } = attributes
      const what = `${resource}${subresource && `/${subresource}`}${apiGroup && `.${apiGroup}`}`
      const line = `${verb} ${what} ${name}`.trim()
      return { decision: allowed.includes(line) ? "allowed" : "noOpinion", reason: "" }
    },
    rulesFor: () => ({ resourceRules: [], nonResourceRules: [], incomplete: false }),
  }
}

const as = (headers: Record<string, string | string[]>, user: UserInfo, authorizer: Authorizer) =>
  impersonate(headers, request(user), authorizer).then(
    (found) => found && [found.user.name, found.user.groups.join(","), found.constraint].join(" ").trim(),
    (error: Error) => error.message,
  )

describe("impersonation", () => {
  it("is not asked for by most requests", async () => {
    expect(await impersonate({}, request(jane), allowing())).toBeUndefined()
  })

  it("by the old permission gives all that the user can do", async () => {
    const authorizer = allowing(
      "impersonate users bob",
      "impersonate groups dev",
      "impersonate userextras/scope.authentication.k8s.io view",
    )
    expect(await as({ "impersonate-user": "bob" }, jane, authorizer)).toBe("bob system:authenticated")
    const more = { "impersonate-user": "bob", "impersonate-group": ["dev"] }
    expect(await as(more, jane, authorizer)).toBe("bob dev,system:authenticated")
    const extra = { "impersonate-user": "bob", "impersonate-extra-scope": "view" }
    expect(await as(extra, jane, authorizer)).toBe("bob system:authenticated")
    expect(await as({ ...more, "impersonate-group": ["system:masters"] }, jane, authorizer)).toMatch(
      /is forbidden/,
    )
  })

  it("knows the groups of ServiceAccounts and of anonymous", async () => {
    const user = "system:serviceaccount:default:x"
    expect(await as({ "impersonate-user": user }, jane, allowing("impersonate serviceaccounts x"))).toBe(
      `${user} system:serviceaccounts,system:serviceaccounts:default,system:authenticated`,
    )
    const anonymous = allowing("impersonate users system:anonymous")
    expect(await as({ "impersonate-user": "system:anonymous" }, jane, anonymous)).toBe(
      "system:anonymous system:unauthenticated",
    )
  })

  it("tells the first refusal", async () => {
    expect(await as({ "impersonate-user": "bob" }, jane, allowing())).toBe(
      'pods is forbidden: User "jane" cannot impersonate-on:user-info:list resource "pods" in API group "" in the namespace "default"',
    )
  })

  it("by a narrow permission is for some actions alone", async () => {
    const authorizer = allowing(
      "impersonate:user-info users.authentication.k8s.io bob",
      "impersonate-on:user-info:list pods",
    )
    expect(await as({ "impersonate-user": "bob" }, jane, authorizer)).toBe(
      "bob system:authenticated impersonate:user-info",
    )
    const deleting = { ...request(jane), verb: "delete" }
    await expect(impersonate({ "impersonate-user": "bob" }, deleting, authorizer)).rejects.toThrow(
      "cannot impersonate-on:user-info:delete",
    )
    const masters = { "impersonate-user": "bob", "impersonate-group": ["system:masters"] }
    expect(await as(masters, jane, authorizer)).toBe(
      'groups.authentication.k8s.io "system:masters" is forbidden: User "jane" cannot impersonate:user-info resource "groups" in API group "authentication.k8s.io" at the cluster scope: impersonating the system:masters group is not allowed',
    )
  })

  it("lets an agent act as its own node alone", async () => {
    const authorizer = allowing(
      "impersonate:associated-node nodes.authentication.k8s.io *",
      "impersonate-on:associated-node:list pods",
    )
    expect(await as({ "impersonate-user": "system:node:n1" }, agent, authorizer)).toBe(
      "system:node:n1 system:nodes,system:authenticated impersonate:associated-node",
    )
    expect(await as({ "impersonate-user": "system:node:n2" }, agent, authorizer)).toMatch(/is forbidden/)
  })

  it("needs a user", async () => {
    expect(await as({ "impersonate-group": "dev" }, jane, allowing())).toMatch(
      /without impersonating a user name/,
    )
  })
})
