import { describe, expect, it } from "vitest"
import { planService } from "../model/plan-service.ts"
import { testService, testSlice } from "../testing.ts"
import { type Element, elementsOf } from "./elements.ts"
import { Ruleset } from "./ruleset.ts"

const ruleset = () =>
  new Ruleset({ prefix: "cortest", podNetworks: ["10.244.0.0/16"], serviceNetworks: [] }, [4])

function elements(name: string, spec: Parameters<typeof testService>[1], ...addresses: string[]): Element[] {
  const slices = [
    testSlice(
      name,
      addresses.map((address) => ({ address })),
    ),
  ]
  return elementsOf(planService(testService(name, spec), slices, { nodeName: "here" })!)
}

const lines = (transactions: readonly string[]) =>
  transactions.flatMap((text) => text.trim().split("\n").filter(Boolean))

describe("Ruleset", () => {
  it("makes a group with its first Service and names only what changes", () => {
    const rules = ruleset()
    expect(lines(rules.planChange(new Map([["web", elements("web", {}, "10.244.0.2")]])))).toEqual([
      "add map ip cortest-services cluster-strangers-1 { typeof ip daddr . meta l4proto . th dport . numgen random mod 2 : ip daddr . th dport ; }",
      "add chain ip cortest-services cluster-strangers-1",
      "add rule ip cortest-services cluster-strangers-1 ip saddr != @trusted-sources meta mark set meta mark | 0x4000",
      "add rule ip cortest-services cluster-strangers-1 dnat ip to ip daddr . meta l4proto . th dport . numgen random mod 1 map @cluster-strangers-1",
      "add element ip cortest-services services { 10.96.0.1 . tcp . 80 : goto cluster-strangers-1 }",
      "add element ip cortest-services cluster-strangers-1 { 10.96.0.1 . tcp . 80 . 0 : 10.244.0.2 . 8080 }",
      "add element ip cortest-services cluster-ips { 10.96.0.1 }",
    ])
    expect(rules.planChange(new Map([["web", elements("web", {}, "10.244.0.2")]]))).toEqual([])
    expect(lines(rules.planChange(new Map([["web", elements("web", {}, "10.244.0.9")]])))).toEqual([
      "delete element ip cortest-services cluster-strangers-1 { 10.96.0.1 . tcp . 80 . 0 }",
      "add element ip cortest-services cluster-strangers-1 { 10.96.0.1 . tcp . 80 . 0 : 10.244.0.9 . 8080 }",
    ])
  })

  it("removes a group with its last Service", () => {
    const rules = ruleset()
    rules.planChange(new Map([["web", elements("web", {}, "10.244.0.2", "10.244.0.3")]]))
    rules.planChange(
      new Map([["api", elements("api", { clusterIP: "10.96.0.2" }, "10.244.0.4", "10.244.0.5")]]),
    )
    const removal = "delete chain ip cortest-services cluster-strangers-2"
    expect(lines(rules.planChange(new Map([["web", []]])))).not.toContain(removal)
    expect(lines(rules.planChange(new Map([["api", []]])))).toContain(removal)
    expect(rules.elementCount).toBe(0)
  })

  it("makes a group before anything leads to it, and takes away what was left behind when nothing does any more", () => {
    const rules = ruleset()
    rules.planChange(new Map([["web", elements("web", {}, "10.244.0.2")]]))
    const more = elements("web", {}, "10.244.0.2", "10.244.0.3")
    const [before, change, after, ...others] = rules.planChange(new Map([["web", more]]))
    expect(before).toContain("add chain ip cortest-services cluster-strangers-2")
    expect(before).not.toContain("element")
    expect(lines([change!])).toEqual([
      "delete element ip cortest-services services { 10.96.0.1 . tcp . 80 }",
      "add element ip cortest-services services { 10.96.0.1 . tcp . 80 : goto cluster-strangers-2 }",
      "add element ip cortest-services cluster-strangers-2 { 10.96.0.1 . tcp . 80 . 0 : 10.244.0.2 . 8080, 10.96.0.1 . tcp . 80 . 1 : 10.244.0.3 . 8080 }",
    ])
    expect(lines([after!])).toEqual([
      "delete element ip cortest-services cluster-strangers-1 { 10.96.0.1 . tcp . 80 . 0 }",
      "delete chain ip cortest-services cluster-strangers-1",
      "delete map ip cortest-services cluster-strangers-1",
    ])
    expect(others).toEqual([])
  })

  it("keeps clients as long as one address of their Service's port has endpoints", () => {
    const rules = ruleset()
    const sticky = (externalIPs: string[], ...addresses: string[]) =>
      new Map([["web", elements("web", { sessionAffinity: "ClientIP", externalIPs }, ...addresses)]])
    const sets = (wanted: ReturnType<typeof sticky>) =>
      lines(rules.planChange(wanted)).filter((line) => /^(add|delete) (set|chain)/.test(line))
    const set = "set ip cortest-services sticky/default/web/tcp-80"
    const chain = (way: string) =>
      expect.stringContaining(`chain ip cortest-services sticky/default/web/tcp-80/cluster-${way}-`)
    expect(sets(sticky(["192.0.2.50"], "10.244.0.2"))).toEqual([
      expect.stringContaining(`add ${set} {`),
      chain("strangers"),
      chain("always"),
    ])
    expect(sets(sticky([], "10.244.0.3", "10.244.0.4"))).toEqual([
      chain("strangers"),
      chain("always"),
      chain("strangers"),
    ])
    expect(sets(sticky([]))).toEqual([chain("strangers"), `delete ${set}`])
    expect(sets(sticky([], "10.244.0.3"))).toHaveLength(2)
  })

  it("has all of it in one text that it would otherwise have made step by step", () => {
    const rules = ruleset()
    const wanted = new Map([
      ["web", elements("web", { sessionAffinity: "ClientIP" }, "10.244.0.2")],
      ["api", elements("api", { clusterIP: "10.96.0.2" }, "10.244.0.2")],
    ])
    const steps = lines(ruleset().planChange(wanted))
    const all = lines([rules.planAll(wanted)])
    expect(all.slice(-steps.length).sort()).toEqual(steps.sort())
    expect(rules.planChange(wanted)).toEqual([])
  })

  it("leaves an address that two Services want with the first, until that one goes", () => {
    const rules = ruleset()
    const wants = (name: string, clusterIP: string, endpoint: string) =>
      new Map([[name, elements(name, { clusterIP, externalIPs: ["192.0.2.50"] }, endpoint)]])
    rules.planChange(wants("web", "10.96.0.1", "10.244.0.2"))
    expect(rules.planChange(wants("api", "10.96.0.2", "10.244.0.3")).join("")).not.toContain("192.0.2.50")
    expect(lines(rules.planChange(new Map([["web", []]])))).toContain(
      "add element ip cortest-services cluster-always-1 { 192.0.2.50 . tcp . 80 . 0 : 10.244.0.3 . 8080 }",
    )
  })

  it("refuses what has no endpoints and guards what has source ranges, without ranges that overlap", () => {
    const service = testService(
      "web",
      {
        type: "LoadBalancer",
        loadBalancerSourceRanges: ["10.0.0.0/8", "10.1.0.0/16", "10.0.0.0/8", "192.0.2.0/24"],
      },
      ["203.0.113.7"],
    )
    const plan = elementsOf(planService(service, [], { nodeName: "here" })!)
    expect(plan.map(({ set, key, value }) => [set, key, value])).toEqual([
      ["refused-services", "10.96.0.1 . tcp . 80", "goto refuse"],
      ["refused-services", "203.0.113.7 . tcp . 80", "goto refuse"],
      ["guarded-services", "203.0.113.7 . tcp . 80", undefined],
      ["allowed-sources", "203.0.113.7 . tcp . 80 . 10.0.0.0/8", undefined],
      ["allowed-sources", "203.0.113.7 . tcp . 80 . 192.0.2.0/24", undefined],
      ["cluster-ips", "10.96.0.1", undefined],
    ])
  })
})
