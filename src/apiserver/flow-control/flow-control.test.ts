import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { PriorityLevelConfiguration } from "../../api/flowcontrol/v1/priority-level-configuration.ts"
import type { UserInfo } from "../authentication/authenticator.ts"
import { SimulatedClock } from "../../base/simulated/clock.ts"
import { parseRequestInfo } from "../request-info.ts"
import { startTestServer, type TestServer } from "../testing.ts"
import { FlowController } from "./flow-controller.ts"
import { Ticket } from "./queue.ts"
import { suggestedLevels, suggestedSchemas } from "./default-objects.ts"

describe("requests belong to levels", () => {
  const controller = new FlowController(600, new SimulatedClock())
  for (const each of [...suggestedLevels, ...suggestedSchemas]) controller.put(each)
  const user = (name: string, ...groups: string[]): UserInfo => ({
    name,
    groups: [...groups, "system:authenticated"],
    extra: {},
  })
  const account = (namespace: string, name: string) =>
    user(`system:serviceaccount:${namespace}:${name}`, "system:serviceaccounts")
  const pods = "GET /api/v1/namespaces/x/pods"
  const lease = "PUT /apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/n"

  test.each([
    [pods, user("root", "system:masters"), "exempt", "exempt"],
    [
      "GET /readyz",
      { name: "system:anonymous", groups: ["system:unauthenticated"], extra: {} },
      "probes",
      "exempt",
    ],
    [lease, user("system:kube-scheduler"), "system-leader-election", "leader-election"],
    [lease, user("system:node:n", "system:nodes"), "system-node-high", "node-high"],
    [pods, user("system:node:n", "system:nodes"), "system-nodes", "system"],
    [pods, user("system:kube-controller-manager"), "kube-controller-manager", "workload-high"],
    [pods, account("kube-system", "deployment-controller"), "kube-system-service-accounts", "workload-high"],
    [pods, account("shop", "web"), "service-accounts", "workload-low"],
    [pods, user("jane"), "global-default", "global-default"],
  ] as const)("%s of %j is of %s", (request, who, schema, level) => {
    const [method = "", path = ""] = request.split(" ")
    const found = controller.classify(parseRequestInfo(method, path, new URLSearchParams()), who)
    expect([found.schema.metadata.name, found.configuration.metadata.name]).toEqual([schema, level])
  })

  test("shares become seats, and one request never takes too many of them", () => {
    // 245 shares in all; workload-low has 100 of them, lends 90 % and gives a flow 6 queues.
    const { level } = controller.classify(
      parseRequestInfo("GET", "/api/v1/pods", new URLSearchParams()),
      account("shop", "web"),
    )
    expect(level.configuration).toMatchObject({ nominal: 245, lower: 24, upper: 845 })
    expect(level.maxSeats).toBe(37)
    const limits = [...controller.levels].map(({ limit }) => limit)
    expect(Math.abs(limits.reduce((sum, limit) => sum + limit, 0) - 600)).toBeLessThan(10)
  })

  test("a level that was taken away lets its requests end", () => {
    const extra = suggestedLevels.find(({ metadata }) => metadata.name === "workload-low")!
    const { level, flow } = controller.classify(
      parseRequestInfo("GET", "/api/v1/pods", new URLSearchParams()),
      account("shop", "web"),
    )
    const ticket = new Ticket(flow, { initialSeats: 1, finalSeats: 0, additionalMs: 0 })
    level.enter(ticket)
    controller.remove(extra)
    controller.shareOut()
    expect([...controller.levels]).toContain(level)
    expect(level.isQuiescing).toBe(true)
    level.leave(ticket)
    controller.shareOut()
    expect([...controller.levels]).not.toContain(level)
    controller.put(extra)
  })
})

describe("in the server", () => {
  let server: TestServer
  beforeEach(async () => {
    server = await startTestServer()
  })
  afterEach(() => server.stop())

  const admin: UserInfo = { name: "admin", groups: ["system:masters"], extra: {} }
  const request = (name: string) => ({
    method: "GET",
    path: "/api/v1/namespaces",
    query: new URLSearchParams(),
    headers: {},
    body: { kind: "none" as const },
    user: { name, groups: ["system:authenticated"], extra: {} },
    signal: new AbortController().signal,
  })
  const send = (name: string) => server.server.handle(request(name))

  const narrow = { nominalConcurrencyShares: 0, borrowingLimitPercent: 0 }
  const limit = (limitResponse: object) =>
    server.client.patch(
      PriorityLevelConfiguration,
      { name: "global-default" },
      { type: "merge", body: { spec: { limited: { ...narrow, limitResponse } } } },
    )
  const text = async (url: string) => {
    const [path = "", query = ""] = url.split("?")
    const asked = { ...request("admin"), path, query: new URLSearchParams(query), user: admin }
    const answer = await server.server.handle(asked)
    return new TextDecoder().decode((answer.body as { bytes: Uint8Array }).bytes)
  }

  test("answers say which objects decided, and a level whose seats are taken refuses", async () => {
    const { metadata } = await server.client.get(PriorityLevelConfiguration, { name: "global-default" })
    const answered = await send("jane")
    expect(answered.headers["x-kubernetes-pf-prioritylevel-uid"]).toBe(metadata.uid)
    await limit({ type: "Reject", queuing: null })
    // One at a time, since there is not a seat for anybody.
    const [first, refused] = await Promise.all([send("jane"), send("jane")])
    expect(first.status).not.toBe(429)
    expect([refused.status, refused.headers["retry-after"]]).toEqual([429, "1"])
    expect(await text("/metrics")).toContain(
      'apiserver_flowcontrol_rejected_requests_total{priority_level="global-default",flow_schema="global-default",reason="concurrency-limit"} 1',
    )
  })

  test("who waits too long is refused, and can be looked at until then", async () => {
    await limit({ type: "Queue", queuing: { queues: 1, handSize: 1, queueLengthLimit: 50 } })
    const late = server.server.handle({ ...request("jane"), query: new URLSearchParams("timeout=2s") })
    await vi.waitFor(
      async () =>
        expect(await text("/debug/api_priority_and_fairness/dump_requests")).toContain("global-default"),
      { timeout: 10_000 },
    )
    const requests = await text("/debug/api_priority_and_fairness/dump_requests?includeRequestDetails=1")
    const row = requests.split("\n").find((line) => line.startsWith("global-default"))!
    expect(row.split(/,\s+/).toSpliced(5, 1)).toEqual(
      "global-default global-default 0 0 jane 1 0 0s 0001-01-01T00:00:00Z jane list /api/v1/namespaces   v1 namespaces ".split(
        " ",
      ),
    )
    expect(await text("/debug/api_priority_and_fairness/dump_queues")).toMatch(
      /global-default, +0, +1, +0, +0, /,
    )
    const levels = await text("/debug/api_priority_and_fairness/dump_priority_levels")
    expect(levels.split("\n")[0]).toBe(
      "PriorityLevelName, ActiveQueues, IsIdle, IsQuiescing, WaitingRequests, ExecutingRequests, DispatchedRequests, RejectedRequests, TimedoutRequests, CancelledRequests",
    )
    expect(levels).toMatch(/global-default, +1, +false, +false, +1, +0, /)
    expect((await late).status).toBe(429)
  })

  test("a table lists schemas as they are asked", async () => {
    const accept = "application/json;as=Table;v=v1;g=meta.k8s.io"
    const path = "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas"
    const answer = await server.server.handle({ ...request("admin"), path, user: admin, headers: { accept } })
    const { value } = answer.body as { value: () => { rows: { cells: [string, string, number] }[] } }
    const rows = value().rows.map(({ cells }) => cells)
    expect(rows.map(([name]) => name).slice(0, 2)).toEqual(["exempt", "probes"])
    const precedences = rows.map(([, , precedence]) => precedence)
    expect(precedences).toEqual(precedences.toSorted((a, b) => a - b))
  })
})
