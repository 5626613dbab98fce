import { describe, expect, it } from "vitest"
import { describeUdp, findStaleFlows, parseFlows } from "./connection-tracking.ts"
import { planService } from "./model/plan-service.ts"
import { type TestEndpoint, testService, testSlice } from "./testing.ts"

const listing = `
udp      17 25 src=10.244.0.5 dst=10.96.0.1 sport=4000 dport=53 src=10.244.1.2 dst=10.244.0.5 sport=5353 dport=4000 [ASSURED] mark=0 use=1
udp      17 25 src=10.244.0.5 dst=10.96.0.1 sport=4001 dport=53 src=10.244.2.2 dst=10.244.0.5 sport=5353 dport=4001 mark=0 use=1
udp      17 20 src=10.244.0.6 dst=10.96.0.1 sport=4002 dport=53 [UNREPLIED] src=10.96.0.1 dst=10.244.0.6 sport=53 dport=4002 mark=0 use=1
udp      17 20 src=192.0.2.9 dst=192.0.2.1 sport=4003 dport=30053 [UNREPLIED] src=192.0.2.1 dst=192.0.2.9 sport=30053 dport=4003 mark=0 use=1
udp      17 20 src=10.244.0.6 dst=8.8.8.8 sport=4004 dport=53 src=8.8.8.8 dst=192.0.2.1 sport=53 dport=4004 mark=0 use=1
`
const flow = (endpoint: string, endpointPort = 5353, address = "10.96.0.1", port = 53) => ({
  address,
  port,
  endpoint: { address: endpoint, port: endpointPort },
})

function frontendsOf(endpoints: readonly TestEndpoint[], spec: object = {}) {
  const ports = [{ port: 53, targetPort: 5353, protocol: "UDP" as const, nodePort: 30_053 }]
  const service = testService("dns", { type: "NodePort", ports, ...spec })
  const slices = [testSlice("dns", endpoints, [{ port: 5353, protocol: "UDP" }])]
  return planService(service, slices, { nodeName: "here" })!.frontends
}

describe("flows of UDP", () => {
  it("are read from what the program says", () => {
    expect(parseFlows(listing)).toEqual([
      flow("10.244.1.2"),
      flow("10.244.2.2"),
      flow("10.96.0.1", 53),
      flow("192.0.2.1", 30_053, "192.0.2.1", 30_053),
      flow("8.8.8.8", 53, "8.8.8.8"),
    ])
  })

  it("are stale when they lead to an endpoint that is gone, or began when there was none", () => {
    expect(findStaleFlows(parseFlows(listing), frontendsOf([{ address: "10.244.1.2" }]))).toEqual([
      flow("10.244.2.2"),
      flow("10.96.0.1", 53),
      flow("192.0.2.1", 30_053, "192.0.2.1", 30_053),
    ])
  })

  it("are stale when their pod answers at another port by now", () => {
    const service = testService("dns", { ports: [{ port: 53, targetPort: 5354, protocol: "UDP" }] })
    const slice = testSlice("dns", [{ address: "10.244.1.2" }], [{ port: 5354, protocol: "UDP" }])
    const { frontends } = planService(service, [slice], { nodeName: "here" })!
    expect(findStaleFlows(parseFlows(listing).slice(0, 1), frontends)).toEqual([flow("10.244.1.2")])
  })

  it("stay with an endpoint that still answers, whatever became of the Service", () => {
    const leaving = { address: "10.244.1.2", ready: false, serving: true, terminating: true }
    const ready = { address: "10.244.2.2", node: "here" }
    const flows = parseFlows(listing).slice(0, 2)
    expect(findStaleFlows(flows, frontendsOf([leaving, ready]))).toEqual([])
    expect(findStaleFlows(flows, frontendsOf([leaving, ready], { internalTrafficPolicy: "Local" }))).toEqual(
      [],
    )
    expect(findStaleFlows(flows, frontendsOf([{ ...leaving, serving: false }, ready]))).toEqual([
      flow("10.244.1.2"),
    ])
  })

  it("are nobody's business where no endpoint serves, or there is no such Service", () => {
    expect(findStaleFlows(parseFlows(listing), frontendsOf([]))).toEqual([])
    expect(findStaleFlows(parseFlows(listing), [])).toEqual([])
  })

  it("are looked for when what serves has changed, and not for TCP", () => {
    const one = describeUdp(frontendsOf([{ address: "10.244.1.2" }]))
    expect(describeUdp(frontendsOf([{ address: "10.244.1.2" }]))).toBe(one)
    expect(describeUdp(frontendsOf([{ address: "10.244.2.2" }]))).not.toBe(one)
    expect(describeUdp(planService(testService("web", {}), [], { nodeName: "here" })!.frontends)).toBe("[]")
  })
})
