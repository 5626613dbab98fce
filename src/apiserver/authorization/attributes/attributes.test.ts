import { describe, expect, test } from "vitest"
import type { UserInfo } from "../../authentication/authenticator.ts"
import type { Attributes } from "../authorizer.ts"
import { AttributesAuthorizer } from "./attributes-authorizer.ts"
import { parsePolicyFile } from "./policy-file.ts"

const version = '"apiVersion": "abac.authorization.kubernetes.io/v1beta1", "kind": "Policy"'
// The examples of https://kubernetes.io/docs/reference/access-authn-authz/abac/#examples, and some more.
const file = `# who may do what
{${version}, "spec": {"user": "alice", "namespace": "*", "resource": "*", "apiGroup": "*"}}
{${version}, "spec": {"user": "kubelet", "namespace": "*", "resource": "pods", "readonly": true}}

{${version}, "spec": {"user": "kubelet", "namespace": "*", "resource": "events"}}
{${version}, "spec": {"user": "bob", "namespace": "projectCaribou", "resource": "pods", "readonly": true}}
{${version}, "spec": {"group": "system:authenticated", "readonly": true, "nonResourcePath": "*"}}
{${version}, "spec": {"user": "carol", "group": "ops", "nonResourcePath": "/logs/*"}}
{"user": "old"}
{"user": "*", "resource": "services", "readonly": true}
`
const authorizer = new AttributesAuthorizer(parsePolicyFile(file, "policy.jsonl"))
const user = (name: string, ...groups: string[]): UserInfo => ({
  name,
  groups: [...groups, "system:authenticated"],
  extra: {},
})

function asks(name: string, groups: string[], request: string): Attributes {
  const [verb = "", what = "", namespace = ""] = request.split(" ")
  const asking = user(name, ...groups)
  if (what.startsWith("/")) return { user: asking, verb, path: what }
  const [resource = "", apiGroup = ""] = what.split(".")
  const rest = { apiVersion: "v1", subresource: "", name: "" }
  return { user: asking, verb, namespace, apiGroup, resource, ...rest }
}

describe("a policy file", () => {
  test.each([
    ["alice", [], "delete deployments.apps x", true],
    ["alice", [], "post /healthz", false],
    ["kubelet", [], "list pods x", true],
    ["kubelet", [], "delete pods x", false],
    ["kubelet", [], "create events x", true],
    ["kubelet", [], "create events.events x", false],
    ["bob", [], "get pods projectCaribou", true],
    ["bob", [], "get pods other", false],
    ["bob", [], "get /version", true],
    ["carol", [], "put /logs/a", false],
    ["carol", ["ops"], "put /logs/a", true],
    ["carol", ["ops"], "put /log", false],
    ["old", [], "delete deployments.apps x", true],
    ["old", [], "post /anything", true],
    ["anybody", [], "list services x", true],
    ["anybody", [], "update services x", false],
  ] as const)("%s of %j may %s: %s", (name, groups, request, isAllowed) => {
    const { decision } = authorizer.authorize(asks(name, [...groups], request))
    expect(decision).toBe(isAllowed ? "allowed" : "noOpinion")
  })

  test("means nobody who has not shown who they are", () => {
    const anonymous = { name: "system:anonymous", groups: ["system:unauthenticated"], extra: {} }
    const attributes = { ...asks("", [], "list services x"), user: anonymous } as Attributes
    expect(authorizer.authorize(attributes)).toEqual({ decision: "noOpinion", reason: "No policy matched." })
  })

  test("tells what somebody may do", () => {
    expect(authorizer.rulesFor(user("bob"), "projectCaribou")).toEqual({
      resourceRules: [
        { verbs: ["get", "list", "watch"], apiGroups: [""], resources: ["pods"] },
        { verbs: ["get", "list", "watch"], apiGroups: ["*"], resources: ["services"] },
      ],
      nonResourceRules: [],
      incomplete: false,
    })
  })

  test.each(["{", '{"kind": "Role"}', '{"user": 5}', `{${version}, "spec": {"readonly": "yes"}}`])(
    "says in which line %s stands",
    (line) =>
      expect(() => parsePolicyFile(`\n${line}\n`, "p")).toThrow(/^error reading policy file p, line 2: /),
  )
})
