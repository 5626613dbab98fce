import { describe, expect, it } from "vitest"
import { testService, testSlice } from "../testing.ts"
import { type Frontend, planService, type Route } from "./plan-service.ts"

const node = { nodeName: "here", zone: "a" }

const to = (scope: "cluster" | "local", masquerade: string, ...addresses: string[]) => ({
  to: "endpoints",
  scope,
  masquerade,
  endpoints: addresses.map((address) => ({ address, port: 8080 })),
})

function routes(frontends: readonly Frontend[] | undefined): Record<string, [Route, Route?]> {
  return Object.fromEntries(
    (frontends ?? []).map(({ kind, address = "*", port, route, insideRoute }) => [
      `${kind} ${address}:${port}`,
      insideRoute ? [route, insideRoute] : [route],
    ]),
  )
}

const slice = testSlice("web", [
  { address: "10.244.0.2", node: "here" },
  { address: "10.244.1.2", node: "there" },
])

describe("planService", () => {
  it("sends cluster IP traffic to every ready endpoint", () => {
    const plan = planService(testService("web", {}), [slice], node)
    expect(routes(plan?.frontends)).toEqual({
      "cluster-ip 10.96.0.1:80": [to("cluster", "strangers", "10.244.0.2", "10.244.1.2")],
    })
    expect(plan).toMatchObject({ localAddresses: ["10.244.0.2"], clusterIPs: ["10.96.0.1"] })
    expect(plan).not.toHaveProperty("healthCheck")
  })

  it("has no plan for headless and external-name Services", () => {
    expect(planService(testService("web", { clusterIP: "None" }), [slice], node)).toBeUndefined()
    expect(
      planService(testService("web", { clusterIP: "", type: "ExternalName" }), [slice], node),
    ).toBeUndefined()
  })

  it("opens node ports, external IPs and load balancer addresses to everybody", () => {
    const service = testService(
      "web",
      {
        type: "LoadBalancer",
        ports: [{ port: 80, targetPort: 8080, protocol: "TCP", nodePort: 30080 }],
        externalIPs: ["192.0.2.50"],
        loadBalancerSourceRanges: ["198.51.100.0/24 ", "2001:db8::/32"],
      },
      ["203.0.113.7"],
    )
    const plan = planService(service, [slice], node)
    const everywhere = to("cluster", "always", "10.244.0.2", "10.244.1.2")
    expect(routes(plan?.frontends)).toEqual({
      "cluster-ip 10.96.0.1:80": [to("cluster", "strangers", "10.244.0.2", "10.244.1.2")],
      "external-ip 192.0.2.50:80": [everywhere],
      "load-balancer 203.0.113.7:80": [everywhere],
      "node-port *:30080": [everywhere],
    })
    const ranges = plan?.frontends.map(({ kind, sourceRanges }) => [kind, sourceRanges])
    expect(ranges).toContainEqual(["load-balancer", ["198.51.100.0/24"]])
    expect(ranges).toContainEqual(["node-port", undefined])
  })

  it("knows an address however it is spelled", () => {
    const service = testService("web", { clusterIP: "FD00:96:0::1", externalIPs: ["2001:DB8::0:7"] }, [
      "2001:db8:0:0::8",
    ])
    const plan = planService({ ...service, spec: { ...service.spec, type: "LoadBalancer" } }, [], {
      nodeName: "here",
    })!
    expect(plan.frontends.map(({ address }) => address)).toEqual(["fd00:96::1", "2001:db8::7", "2001:db8::8"])
    expect(plan.clusterIPs).toEqual(["fd00:96::1"])
  })

  it("keeps outside traffic on the node under the policy Local, but not traffic from inside", () => {
    const service = testService("web", {
      type: "NodePort",
      externalTrafficPolicy: "Local",
      healthCheckNodePort: 31000,
      ports: [{ port: 80, targetPort: 8080, protocol: "TCP", nodePort: 30080 }],
    })
    const plan = planService(service, [slice], node)
    expect(routes(plan?.frontends)["node-port *:30080"]).toEqual([
      to("local", "never", "10.244.0.2"),
      to("cluster", "strangers", "10.244.0.2", "10.244.1.2"),
    ])
    expect(plan?.healthCheck).toEqual({ port: 31000, localEndpoints: 1 })
    const elsewhere = planService(service, [slice], { nodeName: "third" })
    expect(routes(elsewhere?.frontends)["node-port *:30080"]?.[0]).toEqual({ to: "drop" })
    expect(elsewhere?.healthCheck).toEqual({ port: 31000, localEndpoints: 0 })
  })

  it("keeps inside traffic on the node under the internal policy Local", () => {
    const service = testService("web", { internalTrafficPolicy: "Local" })
    expect(planService(service, [slice], node)?.frontends[0]?.route).toEqual(
      to("local", "strangers", "10.244.0.2"),
    )
    expect(planService(service, [slice], { nodeName: "third" })?.frontends[0]?.route).toEqual({ to: "drop" })
    expect(planService(service, [], node)?.frontends[0]?.route).toEqual({ to: "reject" })
  })

  it("takes unready endpoints only if they are leaving and nothing is ready", () => {
    const route = (...endpoints: Parameters<typeof testSlice>[1]) =>
      planService(testService("web", {}), [testSlice("web", endpoints)], node)?.frontends[0]?.route
    const leaving = { address: "10.0.0.1", ready: false, serving: true, terminating: true }
    const gone = { address: "10.0.0.2", ready: false, serving: false, terminating: true }
    const starting = { address: "10.0.0.3", ready: false, serving: false }
    const ready = { address: "10.0.0.4", ready: true }
    expect(route(leaving, gone, starting, ready)).toEqual(to("cluster", "strangers", "10.0.0.4"))
    expect(route(leaving, gone, starting)).toEqual(to("cluster", "strangers", "10.0.0.1"))
    expect(route(gone, starting)).toEqual({ to: "reject" })
  })

  it("follows hints if every ready endpoint has them and one is for us, node before zone", () => {
    const addresses = (...endpoints: Parameters<typeof testSlice>[1]) => {
      const route = planService(testService("web", {}), [testSlice("web", endpoints)], node)?.frontends[0]
        ?.route
      return route?.to === "endpoints" ? route.endpoints.map(({ address }) => address) : []
    }
    const inA = { address: "10.0.0.1", zones: ["a"] }
    const inB = { address: "10.0.0.2", zones: ["b"] }
    expect(addresses(inA, inB)).toEqual(["10.0.0.1"])
    expect(addresses(inA, { address: "10.0.0.2" })).toEqual(["10.0.0.1", "10.0.0.2"])
    expect(addresses(inB, { address: "10.0.0.3", zones: ["c"] })).toEqual(["10.0.0.2", "10.0.0.3"])
    expect(addresses({ ...inA, nodes: ["there"] }, { ...inB, nodes: ["here"] })).toEqual(["10.0.0.2"])
  })

  it("joins slices, counts an endpoint in two of them once and keeps ports apart", () => {
    const service = testService("web", {
      ports: [
        { name: "http", port: 80, targetPort: 8080, protocol: "TCP" },
        { name: "dns", port: 53, targetPort: 53, protocol: "UDP" },
      ],
    })
    const http = testSlice("web", [{ address: "10.0.0.1" }], [{ name: "http", port: 8080 }])
    const both = testSlice(
      "web",
      [{ address: "10.0.0.1" }, { address: "10.0.0.2" }],
      [
        { name: "http", port: 8080 },
        { name: "dns", port: 5353, protocol: "UDP" },
      ],
    )
    const plan = planService(service, [http, both], node)
    expect(
      plan?.frontends.map(({ protocol, port, route }) => [
        protocol,
        port,
        route.to === "endpoints" && route.endpoints,
      ]),
    ).toEqual([
      [
        "tcp",
        80,
        [
          { address: "10.0.0.1", port: 8080 },
          { address: "10.0.0.2", port: 8080 },
        ],
      ],
      [
        "udp",
        53,
        [
          { address: "10.0.0.1", port: 5353 },
          { address: "10.0.0.2", port: 5353 },
        ],
      ],
    ])
  })

  it("gives each family of a dual-stack Service its own endpoints", () => {
    const service = testService("web", { clusterIPs: ["10.96.0.1", "fd00:96::1"] })
    const six = testSlice("web", [{ address: "fd00::2" }])
    expect(routes(planService(service, [slice, six], node)?.frontends)).toEqual({
      "cluster-ip 10.96.0.1:80": [to("cluster", "strangers", "10.244.0.2", "10.244.1.2")],
      "cluster-ip fd00:96::1:80": [to("cluster", "strangers", "fd00::2")],
    })
  })
})

describe("an address of a load balancer with source ranges", () => {
  const sourcesFor = (addresses: readonly string[]) => {
    const service = testService(
      "guarded",
      { type: "LoadBalancer", loadBalancerSourceRanges: ["192.0.2.0/24", " fd00::/8 "] },
      ["203.0.113.1"],
    )
    const plan = planService(service, [], { nodeName: "here", addresses })!
    return plan.frontends.find(({ kind }) => kind === "load-balancer")!.sourceRanges
  }

  it("may be called by a node from that very address, if the node may call it at all", () => {
    expect(sourcesFor(["192.0.2.7"])).toEqual(["192.0.2.0/24", "203.0.113.1/32"])
    expect(sourcesFor(["198.51.100.7", "fd00::7"])).toEqual(["192.0.2.0/24"])
    expect(sourcesFor([])).toEqual(["192.0.2.0/24"])
  })
})

it("a pod with addresses of both families is one endpoint to load balancers outside", () => {
  const service = testService("both", {
    type: "LoadBalancer",
    clusterIPs: ["10.96.0.1", "fd00:96::1"],
    externalTrafficPolicy: "Local",
    healthCheckNodePort: 32_000,
  })
  const slices = ["10.244.0.2", "fd00:244::2"].map((address) =>
    testSlice("both", [{ address, node: "here" }]),
  )
  expect(planService(service, slices, { nodeName: "here" })!.healthCheck).toEqual({
    port: 32_000,
    localEndpoints: 1,
  })
})
