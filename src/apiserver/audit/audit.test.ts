import { afterEach, describe, expect, test } from "vitest"
import { ConfigMap } from "../../api/core/v1/config-map.ts"
import { silentLogger } from "../../base/log.ts"
import { SimulatedClock } from "../../base/simulated/clock.ts"
import { serverTimeout } from "../../apimachinery/status-errors.ts"
import type { UserInfo } from "../authentication/authenticator.ts"
import { parseQuestion } from "../authorization/testing.ts"
import { startTestServer, type TestServer } from "../testing.ts"
import { AuditTrail } from "./audit-trail.ts"
import { batchingWebhook } from "./batching-webhook.ts"
import type { AuditEvent } from "./event.ts"
import { evaluatePolicy } from "./evaluate-policy.ts"
import { decodePolicy } from "./policy.ts"

const policyOf = (rules: string) =>
  decodePolicy(`apiVersion: audit.k8s.io/v1\nkind: Policy\n${rules}`, "policy.yaml")

describe("a policy file", () => {
  test.each([
    ["rules: []", "policy.yaml: loaded illegal policy with 0 rules"],
    ["rules: [{level: Everything}]", /rules\[0\].level: Unsupported value: "Everything"/],
    ["rules: [{}]", "policy.yaml: rules[0].level: Required value"],
    [
      "rules: [{level: None, nonResourceURLs: [/healthz], namespaces: [a]}]",
      /rules cannot apply to both regular resources and non-resource URLs/,
    ],
    ["rules: [{level: None, nonResourceURLs: ['/a*b']}]", /must be the final character of the rule: \/a\*b/],
    ["rules: [{level: None, omitStages: [Never]}]", /omitStages\[0\]: Unsupported value: "Never"/],
    ["rules: [{level: None, user: [a]}]", /unknown field "rules\[0\].user"/],
  ])("%s is refused", (rules, message) => {
    expect(() => policyOf(rules)).toThrow(message)
  })
})

describe("the first rule that matches decides", () => {
  const alice: UserInfo = { name: "alice", groups: ["dev"], extra: {} }
  const policy = policyOf(`
omitStages: [RequestReceived]
rules:
- {level: None, users: [bob]}
- {level: None, userGroups: [ops]}
- {level: RequestResponse, resources: [{group: "", resources: [secrets], resourceNames: [db]}]}
- {level: Request, namespaces: [prod], resources: [{group: apps}], omitStages: [ResponseComplete]}
- {level: Metadata, resources: [{group: "", resources: [pods/*, "*/scale"]}]}
- {level: Metadata, namespaces: [""], verbs: [list]}
- {level: Request, nonResourceURLs: ["/api*", /version]}
`)
  test.each([
    ["get secrets team/db", "RequestResponse"],
    ["get secrets team/other", "None"],
    ["update deployments.apps prod/web", "Request"],
    ["update deployments.apps test/web", "None"],
    ["get pods/log team/web", "Metadata"],
    ["get pods team/web", "Metadata"],
    ["get configmaps team/web", "None"],
    ["update replicationcontrollers/scale team/web", "Metadata"],
    ["list nodes /", "Metadata"],
    ["list configmaps team/", "None"],
    ["get /apis/apps", "Request"],
    ["get /version", "Request"],
    ["get /healthz", "None"],
  ])("%s: %s", (question, level) => {
    expect(evaluatePolicy(policy, parseQuestion(alice, question)).level).toBe(level)
    expect(evaluatePolicy(policy, parseQuestion({ ...alice, name: "bob" }, question)).level).toBe("None")
    expect(evaluatePolicy(policy, parseQuestion({ ...alice, groups: ["ops"] }, question)).level).toBe("None")
  })

  test("stages are left out by the policy and by the rule", () => {
    const { omitStages } = evaluatePolicy(policy, parseQuestion(alice, "update deployments.apps prod/web"))
    expect([...omitStages]).toEqual(["RequestReceived", "ResponseComplete"])
  })
})

describe("a server's audit trail", () => {
  let server: TestServer
  let events: AuditEvent[]
  afterEach(() => server.stop())

  async function start(rules: string): Promise<void> {
    events = []
    const sink = { write: (event: AuditEvent) => void events.push(event), close: async () => {} }
    server = await startTestServer({
      clock: new SimulatedClock(),
      createAudit: (clock) => new AuditTrail({ policy: policyOf(rules), sinks: [sink], clock }),
    })
    events.length = 0
  }
  const told = () =>
    events.map(({ stage, verb, responseStatus }) => `${stage} ${verb} ${responseStatus?.code ?? ""}`)
  const path = "/api/v1/namespaces/default/configmaps"

  test("has both bodies at level RequestResponse", async () => {
    await start("rules: [{level: RequestResponse, omitManagedFields: true}]")
    await server.client.create(ConfigMap, { metadata: { namespace: "default", name: "a" }, data: { k: "v" } })
    expect(told()).toEqual(["RequestReceived create ", "ResponseComplete create 201"])
    const [received, complete] = events
    expect(received).toEqual({
      kind: "Event",
      apiVersion: "audit.k8s.io/v1",
      level: "RequestResponse",
      auditID: complete!.auditID,
      stage: "RequestReceived",
      requestURI: path,
      verb: "create",
      user: { username: "admin", groups: ["system:masters", "system:authenticated"] },
      sourceIPs: ["127.0.0.1"],
      userAgent: "admin",
      objectRef: { resource: "configmaps", namespace: "default", apiVersion: "v1" },
      requestReceivedTimestamp: "2026-01-01T00:00:00.000000Z",
      stageTimestamp: "2026-01-01T00:00:00.000000Z",
    })
    expect(complete).toMatchObject({
      objectRef: { resource: "configmaps", namespace: "default", name: "a", apiVersion: "v1" },
      responseStatus: { metadata: {}, code: 201 },
      requestObject: { kind: "ConfigMap", metadata: { name: "a" }, data: { k: "v" } },
      annotations: { "authorization.k8s.io/decision": "allow" },
    })
    const answered = complete!.responseObject as ConfigMap
    expect(answered.metadata.uid).toBeTruthy()
    expect(answered.metadata.managedFields).toBeUndefined()
  })

  test("has no bodies at level Metadata, and says why a request failed", async () => {
    await start("rules: [{level: Metadata}]\nomitStages: [RequestReceived]")
    await expect(server.transport.request({ method: "GET", path: `${path}/none` })).rejects.toThrow(
      "not found",
    )
    expect(events).toHaveLength(1)
    expect(events[0]).toMatchObject({
      responseStatus: {
        status: "Failure",
        reason: "NotFound",
        message: 'configmaps "none" not found',
        details: { name: "none", kind: "configmaps" },
        code: 404,
      },
    })
    expect(events[0]!.responseObject).toBeUndefined()
  })

  test("tells when a watch begins and when it ends", async () => {
    await start("rules: [{level: Metadata}]")
    const stop = new AbortController()
    const watch = await server.transport.watch({
      method: "GET",
      path,
      query: { watch: "1" },
      signal: stop.signal,
    })
    expect(told()).toEqual(["RequestReceived watch ", "ResponseStarted watch 200"])
    stop.abort()
    for await (const _ of watch) void _
    expect(told().at(-1)).toBe("ResponseComplete watch 200")
  })

  test("tells who acts as whom", async () => {
    await start("rules: [{level: Metadata}]")
    await server.transport.request({ method: "GET", path, headers: { "impersonate-user": "jane" } })
    expect(events.map(({ user, impersonatedUser }) => [user.username, impersonatedUser?.username])).toEqual([
      ["admin", undefined],
      ["admin", "jane"],
    ])
  })
})

describe("a webhook", () => {
  const event = (auditID: string) => ({ auditID }) as AuditEvent
  const options = { log: silentLogger, maxBatchSize: 2, initialBackoffMs: 1000 }
  type List = { kind: string; items: AuditEvent[] }

  test("gets full batches at once and the rest after a while", async () => {
    const clock = new SimulatedClock()
    const batches: string[][] = []
    const post = async (list: object) => {
      batches.push((list as List).items.map(({ auditID }) => auditID))
      return {}
    }
    const sink = batchingWebhook({ ...options, clock, post })
    for (const id of ["a", "b", "c"]) sink.write(event(id))
    await clock.advance(1)
    expect(batches).toEqual([["a", "b"]])
    await clock.advance(30_000)
    expect(batches).toEqual([["a", "b"], ["c"]])
  })

  test("that is gone for a while loses nothing, and one that stays away does not block", async () => {
    const clock = new SimulatedClock()
    let failures = 3
    const got: string[] = []
    const post = async (list: object) => {
      if (failures-- > 0) throw serverTimeout({ group: "", plural: "x" }, "post", 0)
      got.push(...(list as List).items.map(({ auditID }) => auditID))
      return {}
    }
    const sink = batchingWebhook({ ...options, clock, post, bufferSize: 2 })
    for (const id of ["a", "b", "dropped"]) sink.write(event(id))
    await clock.advance(1000 + 2000)
    expect(got).toEqual([])
    await clock.advance(4000)
    expect(got).toEqual(["a", "b"])
    failures = 100
    sink.write(event("lost"))
    await sink.close()
    expect(got).toEqual(["a", "b"])
  })
})
