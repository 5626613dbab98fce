import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { MutatingAdmissionPolicy } from "../../../api/admissionregistration/v1/mutating-admission-policy.ts"
import { MutatingAdmissionPolicyBinding } from "../../../api/admissionregistration/v1/mutating-admission-policy-binding.ts"
import { Deployment } from "../../../api/apps/v1/deployment.ts"
import { ConfigMap } from "../../../api/core/v1/config-map.ts"
import type { StatusError } from "../../../apimachinery/status-error.ts"
import { type GuardedServer, startGuardedServer } from "../testing.ts"

let server: GuardedServer
beforeEach(async () => {
  server = await startGuardedServer()
})
afterEach(() => server.stop())

const rule = { apiGroups: ["", "apps"], apiVersions: ["v1"], operations: ["CREATE"], resources: ["*"] }

async function enact(
  name: string,
  mutations: object[],
  spec: object = {},
  binding: object = {},
): Promise<void> {
  await server.client.create(MutatingAdmissionPolicy, {
    metadata: { name },
    spec: { matchConstraints: { resourceRules: [rule] }, reinvocationPolicy: "Never", mutations, ...spec },
  } as never)
  await server.client.create(MutatingAdmissionPolicyBinding, {
    metadata: { name },
    spec: { policyName: name, ...binding },
  })
}

const apply = (expression: string) => ({
  patchType: "ApplyConfiguration",
  applyConfiguration: { expression },
})
const patch = (expression: string) => ({ patchType: "JSONPatch", jsonPatch: { expression } })

const make = (name: string, data?: Record<string, string>) =>
  server.client.create(ConfigMap, { metadata: { namespace: "default", name }, ...(data && { data }) })

function makeDeployment() {
  const labels = { app: "web" }
  const containers = [{ name: "main", image: "web:1" }]
  return server.client.create(Deployment, {
    metadata: { namespace: "default", name: "web" },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
  })
}

async function refusal(work: Promise<unknown>): Promise<StatusError> {
  return work.then(
    () => expect.fail("was let through"),
    (error: StatusError) => error,
  )
}

describe("a mutating admission policy", () => {
  test("merges what its expression constructs, list elements by their keys", async () => {
    await enact("sidecar", [
      apply(`Object{
        spec: Object.spec{
          template: Object.spec.template{
            spec: Object.spec.template.spec{
              initContainers: [Object.spec.template.spec.initContainers{name: "proxy", image: "proxy:1", restartPolicy: "Always"}],
              containers: [Object.spec.template.spec.containers{name: "main", workingDir: "/srv"}]
            }
          }
        }
      }`),
    ])
    const { spec } = await makeDeployment()
    expect(spec.template.spec?.containers).toMatchObject([
      { name: "main", image: "web:1", workingDir: "/srv" },
    ])
    expect(spec.template.spec?.initContainers).toMatchObject([
      { name: "proxy", terminationMessagePath: "/dev/termination-log" },
    ])
  })

  test("patches by operations, whose keys may need escaping", async () => {
    await enact("annotate", [
      patch(`[
        JSONPatch{op: "add", path: "/metadata/annotations", value: {}},
        JSONPatch{op: "add", path: "/metadata/annotations/" + jsonpatch.escapeKey("example.com/by"), value: request.userInfo.username}
      ]`),
    ])
    expect((await make("noted")).metadata.annotations).toHaveProperty("example.com/by")
  })

  test("does nothing when a test of its patch fails", async () => {
    await enact("careful", [
      patch(`[
        JSONPatch{op: "test", path: "/data", value: {"a": "2"}},
        JSONPatch{op: "add", path: "/data/b", value: "set"}
      ]`),
    ])
    expect((await make("other", { a: "1" })).data).toEqual({ a: "1" })
    expect((await make("same", { a: "2" })).data).toEqual({ a: "2", b: "set" })
  })

  test("sees what those before it have made, and again what those after it make if it asks", async () => {
    const seen = (who: string) =>
      apply(`Object{data: {"${who}": has(object.data) ? string(size(object.data)) : "0"}}`)
    await enact("a-first", [seen("first")], { reinvocationPolicy: "IfNeeded" })
    await enact("b-second", [seen("second")])
    expect((await make("counted")).data).toEqual({ first: "2", second: "1" })
  })

  test("acts with its variables and parameters, where its conditions hold", async () => {
    await make("defaults", { colour: "green" })
    await enact(
      "colour",
      [apply("Object{data: {'colour': variables.colour}}")],
      {
        paramKind: { apiVersion: "v1", kind: "ConfigMap" },
        variables: [{ name: "colour", expression: "params.data.colour" }],
        matchConditions: [{ name: "none-yet", expression: "!has(object.data)" }],
      },
      { paramRef: { name: "defaults", namespace: "default", parameterNotFoundAction: "Deny" } },
    )
    expect((await make("plain")).data).toEqual({ colour: "green" })
    expect((await make("chosen", { colour: "red" })).data).toEqual({ colour: "red" })
  })

  test("refuses the request when it fails, unless failures are ignored", async () => {
    await enact("broken", [apply("Object{data: {'x': object.data.missing}}")])
    const error = await refusal(make("any", { a: "1" }))
    const why =
      "expression 'Object{data: {'x': object.data.missing}}' resulted in error: no such key: missing"
    expect(error.message).toBe(`policy 'broken' with binding 'broken' denied request: ${why}`)
    expect(error.code).toBe(403)
    await server.client.delete(MutatingAdmissionPolicyBinding, { name: "broken" })
    await enact("lenient", [apply("Object{data: {'x': object.data.missing}}")], { failurePolicy: "Ignore" })
    expect((await make("any", { a: "1" })).data).toEqual({ a: "1" })
  })

  test("may not replace what is atomic, nor name fields that are not there", async () => {
    await enact("atomic", [
      apply("Object{spec: Object.spec{selector: Object.spec.selector{matchLabels: {'a': 'b'}}}}"),
    ])
    expect((await refusal(makeDeployment())).message).toContain(
      "invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .spec.selector",
    )
    await server.client.delete(MutatingAdmissionPolicyBinding, { name: "atomic" })
    await enact("wrong", [apply("Object{spec: Object.spec{template: Object.wrong{}}}")])
    expect((await refusal(makeDeployment())).message).toContain(
      'type mismatch: unexpected type name "Object.wrong", expected "Object.spec.template"',
    )
  })

  test("must give what its kind of patch needs", async () => {
    const error = await refusal(enact("typed", [patch("Object{}")]))
    expect(error.message).toContain("must evaluate to list(JSONPatch) but got Object")
  })
})
