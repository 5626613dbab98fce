import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { ValidatingAdmissionPolicy } from "../../../api/admissionregistration/v1/validating-admission-policy.ts"
import { ValidatingAdmissionPolicyBinding } from "../../../api/admissionregistration/v1/validating-admission-policy-binding.ts"
import { ConfigMap } from "../../../api/core/v1/config-map.ts"
import { Namespace } from "../../../api/core/v1/namespace.ts"
import type { StatusError } from "../../../apimachinery/status-error.ts"
import { AuditTrail } from "../../audit/audit-trail.ts"
import type { AuditEvent } from "../../audit/event.ts"
import { decodePolicy } from "../../audit/policy.ts"
import { type GuardedServer, startGuardedServer } from "../testing.ts"

let server: GuardedServer
let events: AuditEvent[]

beforeEach(async () => {
  events = []
  const policy = decodePolicy(
    "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]",
    "policy",
  )
  const sink = { write: (event: AuditEvent) => void events.push(event), close: async () => {} }
  server = await startGuardedServer({
    createAudit: (clock) => new AuditTrail({ policy, sinks: [sink], clock }),
  })
})
afterEach(() => server.stop())

const rule = (resources: string[], more: object = {}) => ({
  apiGroups: [""],
  apiVersions: ["v1"],
  operations: ["CREATE", "UPDATE"],
  resources,
  ...more,
})

async function enact(spec: object, binding: object = {}, name = "rule"): Promise<void> {
  await server.client.create(ValidatingAdmissionPolicy, {
    metadata: { name },
    spec: { matchConstraints: { resourceRules: [rule(["configmaps"])] }, ...spec },
  } as never)
  await server.client.create(ValidatingAdmissionPolicyBinding, {
    metadata: { name: `${name}-binding` },
    spec: { policyName: name, validationActions: ["Deny"], ...binding },
  } as never)
}

function make(name: string, data: Record<string, string> = {}, labels: Record<string, string> = {}) {
  return server.client.create(ConfigMap, { metadata: { namespace: "default", name, labels }, data })
}

async function refusal(work: Promise<unknown>): Promise<StatusError> {
  return work.then(
    () => expect.fail("was let through"),
    (error: StatusError) => error,
  )
}

describe("a validating admission policy", () => {
  test("is counted for what it has something against, by what it does", async () => {
    await enact(
      { validations: [{ expression: "size(object.data) <= 1" }, { expression: "object.data.a == 'x'" }] },
      { validationActions: ["Warn", "Audit"] },
    )
    await enact(
      { failurePolicy: "Ignore", validations: [{ expression: "object.data.none == 'x'" }] },
      {},
      "lax",
    )
    await make("fine", { a: "x" })
    await make("odd", { a: "y", b: "z" })
    const text = server.server.parts.metrics.text()
    const told = text
      .split("\n")
      .filter((line) => line.startsWith("apiserver_validating_admission_policy_check_total{"))
    const of = (policy: string, error: string, action: string) =>
      `apiserver_validating_admission_policy_check_total{policy="${policy}",policy_binding="${policy}-binding",error_type="${error}",enforcement_action="${action}"} 2`
    expect(told.sort()).toEqual([
      of("lax", "invalid_error", "allow"),
      of("rule", "no_error", "audit"),
      of("rule", "no_error", "warn"),
    ])
    expect(text).toContain("apiserver_validating_admission_policy_check_duration_seconds_count{")
  })

  test("refuses what its expression denies, in upstream's words", async () => {
    await enact({ validations: [{ expression: "size(object.data) <= 1" }] })
    await make("small", { a: "1" })
    const error = await refusal(make("large", { a: "1", b: "2" }))
    const denied = "ValidatingAdmissionPolicy 'rule' with binding 'rule-binding' denied request"
    expect(error.message).toBe(
      `configmaps "large" is forbidden: ${denied}: failed expression: size(object.data) <= 1`,
    )
    expect([error.code, error.reason]).toEqual([422, "Invalid"])
    expect(error.details?.causes).toEqual([
      { message: `${denied}: failed expression: size(object.data) <= 1` },
    ])
  })

  test("judges by variables and says why in words that are computed", async () => {
    await enact({
      variables: [
        { name: "count", expression: "size(object.data)" },
        { name: "most", expression: "variables.count > 10 ? 20 : 1" },
      ],
      validations: [
        {
          expression: "variables.count <= variables.most",
          messageExpression: "'at most ' + string(variables.most) + ', not ' + string(variables.count)",
          reason: "Forbidden",
        },
      ],
    })
    const error = await refusal(make("large", { a: "1", b: "2" }))
    expect(error.message).toMatch(/denied request: at most 1, not 2$/)
    expect([error.code, error.reason]).toEqual([403, "Forbidden"])
  })

  test("does nothing without a binding, and only where its binding says", async () => {
    await enact(
      { validations: [{ expression: "false", message: "never" }] },
      {
        matchResources: { objectSelector: { matchLabels: { watched: "yes" } } },
      },
    )
    await make("free")
    expect((await refusal(make("watched", {}, { watched: "yes" }))).message).toMatch(/: never$/)
  })

  test("leaves alone what its conditions, its exclusions or its namespaces leave out", async () => {
    await server.client.create(Namespace, { metadata: { name: "calm", labels: { calm: "yes" } } })
    await enact({
      matchConstraints: {
        resourceRules: [rule(["configmaps"])],
        excludeResourceRules: [rule(["*"], { resourceNames: ["exempt"] })],
        namespaceSelector: { matchExpressions: [{ key: "calm", operator: "DoesNotExist" }] },
      },
      matchConditions: [{ name: "not-tiny", expression: "has(object.data)" }],
      validations: [{ expression: "false" }],
    })
    await make("tiny")
    await make("exempt", { a: "1" })
    await server.client.create(ConfigMap, { metadata: { namespace: "calm", name: "any" }, data: { a: "1" } })
    await refusal(make("plain", { a: "1" }))
  })

  test("takes its parameters from other objects", async () => {
    await make("limits", { most: "1" })
    await enact(
      {
        paramKind: { apiVersion: "v1", kind: "ConfigMap" },
        validations: [{ expression: "size(object.data) <= int(params.data.most)" }],
      },
      { paramRef: { name: "limits", namespace: "default", parameterNotFoundAction: "Deny" } },
    )
    await make("small", { a: "1" })
    await refusal(make("large", { a: "1", b: "2" }))
    await server.client.delete(ConfigMap, { namespace: "default", name: "limits" })
    expect((await refusal(make("other", { a: "1" }))).message).toMatch(
      /failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction$/,
    )
  })

  test("fails closed, or open where it says so", async () => {
    const validations = [{ expression: "object.data.missing == 'x'" }]
    await enact({ validations })
    expect((await refusal(make("a"))).message).toMatch(
      /expression 'object.data.missing == 'x'' resulted in error: no such key: data$/,
    )
    await server.client.delete(ValidatingAdmissionPolicyBinding, { name: "rule-binding" })
    await enact({ validations, failurePolicy: "Ignore" }, {}, "lenient")
    await make("a")
  })

  test("warns and audits where it need not refuse", async () => {
    await enact(
      {
        validations: [{ expression: "false", message: "look out" }],
        auditAnnotations: [{ key: "size", valueExpression: "'has ' + string(size(object.data))" }],
      },
      { validationActions: ["Warn", "Audit"] },
    )
    await make("noted", { a: "1" })
    const event = events.find(({ objectRef }) => objectRef?.name === "noted")
    expect(event?.annotations).toMatchObject({ "rule/size": "has 1" })
    expect(
      JSON.parse(event?.annotations?.["validation.policy.admission.k8s.io/validation_failure"] ?? "[]"),
    ).toEqual([
      {
        message: "look out",
        policy: "rule",
        binding: "rule-binding",
        expressionIndex: 0,
        validationActions: ["Warn", "Audit"],
      },
    ])
  })

  test("asks what the user, or somebody else, may do", async () => {
    const may = (who: string) =>
      `${who}.group('').resource('secrets').namespace('default').check('get').allowed()`
    await enact({
      validations: [{ expression: `${may("authorizer")} && has(object.data)`, message: "mine" }],
    })
    await make("mine", { a: "1" })
    const robot = may("authorizer.serviceAccount('default', 'robot')")
    await enact({ validations: [{ expression: robot, message: "the robot may not" }] }, {}, "robots")
    expect((await refusal(make("theirs", { a: "1" }))).message).toMatch(/'robots' .* the robot may not$/)
  })

  test("sees the old object and the request", async () => {
    await enact({
      validations: [
        {
          expression: "request.operation != 'UPDATE' || oldObject.data.fixed == object.data.fixed",
          message: "fixed is fixed",
        },
      ],
    })
    const made = await make("held", { fixed: "1" })
    const changed = server.client.update(ConfigMap, { ...made, data: { fixed: "2" } })
    expect((await refusal(changed)).message).toMatch(/fixed is fixed$/)
  })

  test("must compile to be stored", async () => {
    const error = await refusal(
      enact({ validations: [{ expression: "object.x" }, { expression: "nosuch == 1" }] }),
    )
    expect(error.message).toContain("must evaluate to bool but got dyn")
    expect(error.message).toContain(
      "compilation failed: ERROR: <input>:1:1: undeclared reference to 'nosuch'",
    )
  })
})
