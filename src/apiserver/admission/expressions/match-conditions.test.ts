import { describe, expect, test } from "vitest"
import { ConfigMap } from "../../../api/core/v1/config-map.ts"
import type { Attributes, Authorizer, Decision } from "../../authorization/authorizer.ts"
import type { VersionedAttributes } from "../webhooks/versioned-attributes.ts"
import { webhookMatchConditions } from "./match-conditions.ts"

const object = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "a", namespace: "default", uid: "", resourceVersion: "", creationTimestamp: "" },
  data: { a: "1" },
} satisfies ConfigMap

const { group, version, kind } = ConfigMap
const versioned: VersionedAttributes = {
  attributes: {
    operation: "CREATE",
    resource: ConfigMap,
    subresource: "",
    kind: { group, version, kind },
    namespace: "default",
    name: "a",
    object,
    oldObject: undefined,
    options: {},
    user: { name: "alice", groups: ["friends"], extra: {} },
    dryRun: false,
  },
  resource: ConfigMap,
  kind: { group, version, kind },
  object,
  oldObject: undefined,
}

function authorizerOf(decide: (attributes: Attributes) => Decision | Promise<Decision>): Authorizer {
  return {
    authorize: decide,
    rulesFor: () => ({ resourceRules: [], nonResourceRules: [], incomplete: false }),
  }
}

async function hold(expressions: readonly string[], authorizer = authorizerOf(() => expect.fail("asked"))) {
  const conditions = expressions.map((expression, index) => ({ name: `c${index}`, expression }))
  return webhookMatchConditions(authorizer)(conditions, versioned)
}

describe("match conditions", () => {
  test("hold when all are true", async () => {
    expect(await hold(["object.metadata.name == 'a'", "request.userInfo.username == 'alice'"])).toBe(true)
    expect(await hold(["true", "size(object.data) > 1"])).toBe(false)
  })

  test("do not hold when one is false, whatever else went wrong", async () => {
    expect(await hold(["object.data.missing == ''", "false"])).toBe(false)
  })

  test("fail with all that went wrong when none is false", async () => {
    await expect(hold(["object.data.b == ''", "true"])).rejects.toThrow(
      "expression 'object.data.b == ''' resulted in error: no such key: b",
    )
    await expect(hold(["object.data.b == ''", "1 / 0 > 0"])).rejects.toThrow(
      /^\[expression .*, expression .*\]$/,
    )
  })

  test("see what is not there as null", async () => {
    expect(await hold(["oldObject == null && namespaceObject == null"])).toBe(true)
  })

  test("may not cost more than their budget together", async () => {
    const expensive = `[${Array.from({ length: 100 }, (_, index) => index).join(", ")}]`
    const loop = `${expensive}.all(a, ${expensive}.all(b, a + b < 1000))`
    await expect(hold(Array.from({ length: 64 }, () => loop))).rejects.toThrow("running out of cost budget")
  })

  test("wait for an authorizer that answers later, and ask it everything once", async () => {
    const asked: string[] = []
    const slow = authorizerOf(async (attributes) => {
      asked.push(`${attributes.verb} ${attributes.path ?? attributes.resource}`)
      return { decision: attributes.verb === "get" ? "allowed" : "denied", reason: "because" }
    })
    const check = (verb: string) => `authorizer.requestResource.check('${verb}').allowed()`
    expect(await hold([check("get"), `${check("get")} && !${check("delete")}`], slow)).toBe(true)
    expect(await hold(["authorizer.path('/healthz').check('post').reason() == 'because'"], slow)).toBe(true)
    expect(asked).toEqual(["get configmaps", "delete configmaps", "post /healthz"])
  })

  test("learn of an authorizer's failure as of an answer", async () => {
    const broken = authorizerOf(() => Promise.reject(new Error("no answer")))
    expect(await hold(["authorizer.path('/x').check('get').error() == 'no answer'"], broken)).toBe(true)
  })
})
