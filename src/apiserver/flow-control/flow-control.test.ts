import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { PriorityLevelConfiguration } from "../../api/flowcontrol/v1/priority-level-configuration.ts"
import type { UserInfo } from "../authentication/authenticator.ts"
import { parseRequestInfo } from "../request-info.ts"
import { startTestServer, type TestServer } from "../testing.ts"
import { FlowController } from "./flow-controller.ts"
import { suggestedLevels, suggestedSchemas } from "./default-objects.ts"
import { dealHand, PriorityLevel, type Waiting } from "./priority-level.ts"

const noSpare = () => 0

function someone(log: string[], name: string): Waiting {
  return { cancelled: false, start: () => void log.push(name) }
}

describe("a priority level", () => {
  const queuing = { queues: 8, handSize: 1, queueLengthLimit: 2 }

  test("runs as many as it has seats, lets a few wait, refuses the rest", () => {
    const log: string[] = []
    const level = new PriorityLevel(
      "l",
      { seats: 1, lendable: 0, queuing: { ...queuing, queues: 1 } },
      noSpare,
    )
    const entered = ["a", "b", "c", "d"].map((name) => level.enter(1, someone(log, name)))
    expect(entered).toEqual(["running", "waiting", "waiting", "refused"])
    level.leave()
    level.leave()
    expect(log).toEqual(["b", "c"])
    level.leave()
    expect([level.running, level.waiting]).toEqual([0, 0])
  })

  test("serves flows in turn, however many requests one of them has", () => {
    const log: string[] = []
    const level = new PriorityLevel(
      "l",
      { seats: 1, lendable: 0, queuing: { ...queuing, queueLengthLimit: 9 } },
      noSpare,
    )
    level.enter(0, someone(log, "first"))
    for (let index = 0; index < 5; index++) level.enter(0, someone(log, `greedy${index}`))
    level.enter(1, someone(log, "modest"))
    for (let index = 0; index < 3; index++) level.leave()
    expect(log).toEqual(["greedy0", "modest", "greedy1"])
  })

  test("lends what it does not use", () => {
    const rich = new PriorityLevel("rich", { seats: 10, lendable: 5 }, noSpare)
    const poor: PriorityLevel = new PriorityLevel(
      "poor",
      { seats: 1, lendable: 0 },
      () => rich.unused - poor.borrowed,
    )
    const entered = Array.from({ length: 7 }, () => poor.enter(0, someone([], "")))
    expect(entered.filter((each) => each === "running").length).toBe(6)
  })

  test("who goes away while waiting is passed over", () => {
    const log: string[] = []
    const level = new PriorityLevel("l", { seats: 1, lendable: 0, queuing }, noSpare)
    const impatient = someone(log, "impatient")
    level.enter(0, someone(log, "first"))
    level.enter(0, impatient)
    level.enter(0, someone(log, "patient"))
    level.abandon(impatient)
    level.leave()
    expect(log).toEqual(["patient"])
  })

  test("a hand has different cards, the same for the same flow", () => {
    for (let hash = 0; hash < 500; hash++) {
      const hand = dealHand(hash * 7919, 64, 6)
      expect(new Set(hand).size).toBe(6)
      expect(Math.max(...hand)).toBeLessThan(64)
      expect(dealHand(hash * 7919, 64, 6)).toEqual(hand)
    }
  })
})

describe("requests belong to levels", () => {
  const controller = new FlowController(600)
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

  test("shares become seats", () => {
    // 245 shares in all; workload-low has 100 of them.
    const found = controller.classify(
      parseRequestInfo("GET", "/api/v1/pods", new URLSearchParams()),
      account("shop", "web"),
    )
    const running = Array.from({ length: 246 }, () => found.level!.enter(0, someone([], "")))
    expect(running[244]).toBe("running")
    for (let index = 0; index < 246; index++) if (running[index] === "running") found.level!.leave()
  })
})

describe("in the server", () => {
  let server: TestServer
  beforeEach(async () => {
    server = await startTestServer()
  })
  afterEach(() => server.stop())

  const send = (name: string) =>
    server.server.handle({
      method: "GET",
      path: "/api/v1/namespaces",
      query: new URLSearchParams(),
      headers: {},
      body: { kind: "none" },
      user: { name, groups: ["system:authenticated"], extra: {} },
      signal: new AbortController().signal,
    })

  test("answers say which objects decided, and a level without seats refuses", async () => {
    const { client } = server
    const answered = await send("jane")
    const { metadata } = await client.get(PriorityLevelConfiguration, { name: "global-default" })
    expect(answered.headers["x-kubernetes-pf-prioritylevel-uid"]).toBe(metadata.uid)
    await client.patch(
      PriorityLevelConfiguration,
      { name: "global-default" },
      {
        type: "merge",
        body: {
          spec: {
            limited: {
              nominalConcurrencyShares: 0,
              borrowingLimitPercent: 0,
              limitResponse: { type: "Reject", queuing: null },
            },
          },
        },
      },
    )
    const refused = await send("jane")
    expect([refused.status, refused.headers["retry-after"]]).toEqual([429, "1"])
  })
})
