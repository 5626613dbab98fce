import { describe, expect, it } from "vitest"
import type { Service, ServiceSpec } from "../../api/core/v1/service.ts"
import type { EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts"
import { codes, types } from "../wire/constants.ts"
import { answerClusterName } from "./answer-cluster-name.ts"
import type { ClusterView } from "./cluster-view.ts"
import { addressOfReverseName } from "./reverse-name.ts"

const service = (name: string, spec: Partial<ServiceSpec>) =>
  ({ metadata: { namespace: "default", name }, spec }) as Service

const slice = (
  name: string,
  endpoints: object[],
  ports: object[] | null = [{ name: "http", port: 8080, protocol: "TCP" }],
) =>
  ({
    metadata: { namespace: "default", labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    endpoints,
    ports,
  }) as unknown as EndpointSlice

const services = [
  service("web", {
    clusterIP: "10.96.0.20",
    clusterIPs: ["10.96.0.20", "fd00:96::20"],
    ports: [
      { name: "http", port: 80, protocol: "TCP", targetPort: 8080 },
      { name: "dns", port: 53, protocol: "UDP", targetPort: 53 },
    ],
  }),
  service("db", {
    clusterIP: "None",
    ports: [{ name: "http", port: 80, protocol: "TCP", targetPort: 8080 }],
  }),
  service("portless", { clusterIP: "None" }),
  service("empty", { clusterIP: "None" }),
  service("outside", { type: "ExternalName", externalName: "Example.COM." }),
]
const slices = [
  slice("db", [
    { addresses: ["10.244.0.2"], hostname: "db-0", conditions: { ready: true } },
    { addresses: ["10.244.0.3"], conditions: {} },
    { addresses: ["10.244.0.4"], conditions: { ready: false } },
  ]),
  slice("portless", [{ addresses: ["10.244.0.9"], conditions: {} }], null),
]
const view: ClusterView = {
  hasNamespace: (name) => name === "default",
  findService: (namespace, name) =>
    services.find((each) => namespace === "default" && each.metadata.name === name),
  slicesOf: (_namespace, name) =>
    slices.filter((each) => each.metadata.labels?.["kubernetes.io/service-name"] === name),
  servicesWithAddress: (address) => services.filter(({ spec }) => spec.clusterIPs?.includes(address)),
  slicesWithAddress: (address) =>
    slices.filter(({ endpoints }) => endpoints?.some((each) => each.addresses.includes(address))),
}
const settings = { zone: "cluster.local", ttlSeconds: 30, serial: 1, serverAddresses: ["10.96.0.10"] }

function ask(name: string, type: keyof typeof types): unknown {
  const answer = answerClusterName(name, types[type], view, settings)
  if (!answer) return "not ours"
  if (answer.code === codes.nameError) return "no such name"
  if (answer.answers.length === 0) return "no such record"
  return answer.answers.map((record) => {
    const { name: owner, ttlSeconds, type: kind, ...data } = record
    expect(owner).toBe(name)
    expect(ttlSeconds).toBe(name.startsWith("dns-version.") ? 28_800 : 30)
    return `${kind} ${Object.values(data).join(" ")}`
  })
}

describe("answerClusterName", () => {
  it("gives a Service's cluster IPs", () => {
    expect(ask("web.default.svc.cluster.local", "A")).toEqual(["A 10.96.0.20"])
    expect(ask("web.default.svc.cluster.local", "AAAA")).toEqual(["AAAA fd00:96::20"])
    expect(ask("web.default.svc.cluster.local", "TXT")).toBe("no such record")
  })

  it("gives the ready endpoints of a headless Service, together and one by one", () => {
    expect(ask("db.default.svc.cluster.local", "A")).toEqual(["A 10.244.0.2", "A 10.244.0.3"])
    expect(ask("db.default.svc.cluster.local", "AAAA")).toBe("no such record")
    expect(ask("db-0.db.default.svc.cluster.local", "A")).toEqual(["A 10.244.0.2"])
    expect(ask("10-244-0-3.db.default.svc.cluster.local", "A")).toEqual(["A 10.244.0.3"])
    expect(ask("10-244-0-4.db.default.svc.cluster.local", "A")).toBe("no such name")
    expect(ask("portless.default.svc.cluster.local", "A")).toEqual(["A 10.244.0.9"])
    expect(ask("empty.default.svc.cluster.local", "A")).toBe("no such name")
  })

  it("gives ports as SRV records", () => {
    expect(ask("_http._tcp.web.default.svc.cluster.local", "SRV")).toEqual([
      "SRV 0 100 80 web.default.svc.cluster.local",
    ])
    expect(ask("_dns._udp.web.default.svc.cluster.local", "SRV")).toEqual([
      "SRV 0 100 53 web.default.svc.cluster.local",
    ])
    expect(ask("_dns._tcp.web.default.svc.cluster.local", "SRV")).toBe("no such name")
    expect(ask("_http._tcp.db.default.svc.cluster.local", "SRV")).toEqual([
      "SRV 0 50 8080 db-0.db.default.svc.cluster.local",
      "SRV 0 50 8080 10-244-0-3.db.default.svc.cluster.local",
    ])
    const answer = answerClusterName("_http._tcp.db.default.svc.cluster.local", types.SRV, view, settings)
    expect(answer?.additional).toContainEqual({
      name: "db-0.db.default.svc.cluster.local",
      ttlSeconds: 30,
      type: "A",
      address: "10.244.0.2",
    })
  })

  it("tells names that do not exist from names that have no such record", () => {
    expect(ask("nobody.default.svc.cluster.local", "A")).toBe("no such name")
    expect(ask("web.nowhere.svc.cluster.local", "A")).toBe("no such name")
    expect(ask("nowhere.svc.cluster.local", "A")).toBe("no such name")
    expect(ask("default.svc.cluster.local", "A")).toBe("no such record")
    expect(ask("svc.cluster.local", "A")).toBe("no such record")
    expect(ask("cluster.local", "A")).toBe("no such record")
    expect(ask("example.com.cluster.local", "A")).toBe("no such name")
    expect(ask("example.com", "A")).toBe("not ours")
    const no = answerClusterName("nobody.default.svc.cluster.local", types.A, view, settings)
    expect(no?.authority).toMatchObject([{ type: "SOA", ttlSeconds: 5, minimumSeconds: 5 }])
  })

  it("gives pods by their address, aliases by their target", () => {
    expect(ask("10-244-0-7.default.pod.cluster.local", "A")).toEqual(["A 10.244.0.7"])
    expect(ask("fd00--7.default.pod.cluster.local", "AAAA")).toEqual(["AAAA fd00::7"])
    expect(ask("10-244-0-7.nowhere.pod.cluster.local", "A")).toBe("no such name")
    expect(ask("web.default.pod.cluster.local", "A")).toBe("no such name")
    expect(ask("outside.default.svc.cluster.local", "A")).toEqual(["CNAME example.com"])
  })

  it("names addresses, and leaves those that it does not know to others", () => {
    expect(ask("20.0.96.10.in-addr.arpa", "PTR")).toEqual(["PTR web.default.svc.cluster.local"])
    expect(ask("2.0.244.10.in-addr.arpa", "PTR")).toEqual(["PTR db-0.db.default.svc.cluster.local"])
    expect(ask("1.1.1.1.in-addr.arpa", "PTR")).toBe("not ours")
    expect(addressOfReverseName(`${"0.".repeat(31)}0.ip6.arpa`)).toBe("::")
    const reversed = "fd000096000000000000000000000020".split("").reverse().join(".")
    expect(ask(`${reversed}.ip6.arpa`, "PTR")).toEqual(["PTR web.default.svc.cluster.local"])
  })

  it("speaks for the zone", () => {
    expect(ask("dns-version.cluster.local", "TXT")).toEqual(["TXT 1.1.0"])
    expect(ask("cluster.local", "NS")).toEqual(["NS ns.dns.cluster.local"])
    expect(ask("ns.dns.cluster.local", "A")).toEqual(["A 10.96.0.10"])
    expect(ask("cluster.local", "SOA")).toHaveLength(1)
  })
})
