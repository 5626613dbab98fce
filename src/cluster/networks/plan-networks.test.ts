import { expect, test } from "vitest"
import { planNetworks } from "./plan-networks.ts"

test("a machine of its own has the usual ranges", () => {
  expect(planNetworks(["192.168.1.0/24", "127.0.0.1"])).toEqual({
    pods: ["10.244.0.0/16"],
    services: ["10.96.0.0/12"],
    nodes: ["10.212.0.0/24"],
    backend: "vxlan",
    kubernetesService: "10.96.0.1",
    dnsServices: ["10.96.0.10"],
    clusterDomain: "cluster.local",
  })
})

test.each([
  [["10.96.0.0/12", "10.244.0.2"], "10.243.0.0/16", "10.112.0.0/16"],
  [["10.96.0.0/12", "10.244.0.2", "10.112.0.0/16"], "10.242.0.0/16", "10.113.0.0/16"],
  [["10.240.0.0/12"], "10.239.0.0/16", "10.116.0.0/16"],
])("with routes to %j another cluster gets %s and %s", (routes, pods, services) => {
  expect(planNetworks(routes)).toMatchObject({ pods: [pods], services: [services] })
})

test("says what to do when the machine routes all of it", () => {
  expect(() => planNetworks(["10.0.0.0/8"])).toThrow("no address range of 10.0.0.0/8 is left")
  expect(() => planNetworks(["fd00::/16"], { families: [6] })).toThrow("no address range of fd00:10::/32 is")
})

test("both families get ranges, the first one leads", () => {
  expect(planNetworks(["fd00:10:96::/112"], { families: [6, 4] })).toMatchObject({
    pods: ["fd00:10:243::/56", "10.243.0.0/16"],
    services: ["fd00:10:97::/112", "10.112.0.0/16"],
    nodes: ["fd00:10:212:1::/64", "10.212.1.0/24"],
    kubernetesService: "fd00:10:97::1",
    dnsServices: ["fd00:10:97::a", "10.112.0.10"],
  })
})

test("what is asked for is taken, and the rest is of its families and beside it", () => {
  const pods = ["10.96.0.0/16", "fd00:1::/56"]
  expect(planNetworks([], { pods, backend: "host-gw" })).toMatchObject({
    pods,
    services: ["10.112.0.0/16", "fd00:10:97::/112"],
    nodes: ["10.212.1.0/24", "fd00:10:212:1::/64"],
    backend: "host-gw",
  })
})
