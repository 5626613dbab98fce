import { expect, it } from "vitest"
import type { Pod } from "../../api/core/v1/pod.ts"
import { parseResolvConf, podDns } from "./pod-dns.ts"

const cluster = {
  servers: ["10.96.0.10"],
  domain: "cluster.local",
  host: { servers: ["192.0.2.53"], searches: ["corp.example"], options: ["rotate"] },
}
const podOf = (spec: object) => ({ metadata: { namespace: "shop" }, spec }) as unknown as Pod

it("looks names up in the cluster first", () => {
  expect(podDns(podOf({ dnsPolicy: "ClusterFirst" }), cluster)).toEqual({
    servers: ["10.96.0.10"],
    searches: ["shop.svc.cluster.local", "svc.cluster.local", "cluster.local", "corp.example"],
    options: ["ndots:5"],
  })
})

it("does as the node does where that is asked for, or the pod is on its network", () => {
  expect(podDns(podOf({ dnsPolicy: "Default" }), cluster)).toEqual(cluster.host)
  expect(podDns(podOf({ dnsPolicy: "ClusterFirst", hostNetwork: true }), cluster)).toEqual(cluster.host)
  expect(podDns(podOf({ dnsPolicy: "ClusterFirstWithHostNet", hostNetwork: true }), cluster).servers).toEqual(
    ["10.96.0.10"],
  )
})

it("adds what the pod wants, and nothing else with None", () => {
  const dnsConfig = {
    nameservers: ["1.2.3.4"],
    searches: ["ns1.svc.cluster.local"],
    options: [{ name: "ndots", value: "2" }, { name: "edns0" }],
  }
  expect(podDns(podOf({ dnsPolicy: "None", dnsConfig }), cluster)).toEqual({
    servers: ["1.2.3.4"],
    searches: ["ns1.svc.cluster.local"],
    options: ["ndots:2", "edns0"],
  })
  expect(podDns(podOf({ dnsPolicy: "ClusterFirst", dnsConfig }), cluster).options).toEqual([
    "ndots:2",
    "edns0",
  ])
})

it("reads a resolv.conf", () => {
  const text =
    "# made by hand\nnameserver 192.0.2.1\nnameserver fd00::1 # second\nsearch a.example .\noptions rotate\n"
  expect(parseResolvConf(text)).toEqual({
    servers: ["192.0.2.1", "fd00::1"],
    searches: ["a.example"],
    options: ["rotate"],
  })
})
