import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Node } from "../../api/core/v1/node.ts"
import { startTestServer, type TestServer } from "../../apiserver/testing.ts"
import { silentLogger } from "../../base/log.ts"
import { realClock } from "../../base/real/clock.ts"
import { realRandom } from "../../base/real/random.ts"
import { createInformers, type Informers } from "../../client/informers.ts"
import { connectPod, createNamespace, type TestNamespace, whyNoNamespaces } from "../testing/namespaces.ts"
import { createOverlay, type Overlay } from "./create-overlay.ts"
import { findRouterBetween } from "./find-router-between.ts"
import { findPodMtu } from "./overlay-device.ts"
import { overlayMacAddress, planOverlay } from "./plan-overlay.ts"

const reason = whyNoNamespaces()

function nodeObject(index: number) {
  return {
    metadata: { name: `node-${index}` },
    spec: { podCIDR: `10.244.${index}.0/24`, podCIDRs: [`10.244.${index}.0/24`, `fd00:244:0:${index}::/64`] },
    status: { addresses: [{ type: "InternalIP" as const, address: `192.0.2.${index}` }] },
  }
}

/** A network that carries packets between nodes alone. */
const strictWires = `table bridge strict {
  chain forward {
    type filter hook forward priority 0
    ip saddr 10.244.0.0/16 drop
    ip daddr 10.244.0.0/16 drop
  }
}
`

describe("planOverlay", () => {
  const nodes = [1, 2].map(nodeObject) as unknown as Node[]
  const self = { nodeName: "node-1", nodeAddress: "192.0.2.1" }
  const nothing = { routes: [], returns: [], peers: [] }

  it("routes the pod networks of other nodes, by VXLAN over made-up neighbours", () => {
    expect(planOverlay(nodes, self, "vxlan")).toEqual({
      routes: [
        { destination: "10.244.2.0/24", via: "10.244.2.0" },
        { destination: "fd00:244:0:2::/64", via: "fd00:244:0:2::" },
      ],
      returns: [{ destination: "192.0.2.2", via: "10.244.2.0" }],
      peers: [
        { address: "10.244.2.0", macAddress: "0e:58:0a:f4:02:00", nodeAddress: "192.0.2.2" },
        { address: "fd00:244:0:2::", macAddress: "0e:58:0a:f4:02:00", nodeAddress: "192.0.2.2" },
      ],
      outOfReach: [],
    })
  })

  it("routes by the nodes themselves on one link, and leaves out nodes that are not ready for it", () => {
    expect(planOverlay(nodes, self, "host-gw")).toEqual({
      routes: [{ destination: "10.244.2.0/24", via: "192.0.2.2" }],
      returns: [],
      peers: [],
      // Its pods' IPv6 network would need an IPv6 address of the node.
      outOfReach: ["node-2"],
    })
    const young = { metadata: { name: "young" }, spec: {}, status: {} } as Node
    expect(planOverlay([young], self, "vxlan")).toEqual({ ...nothing, outOfReach: [] })
  })

  it("sends between addresses of one family, whatever comes first, and says who has none of it", () => {
    const withAddresses = (...addresses: string[]) =>
      [
        nodes[0],
        { ...nodes[1], status: { addresses: addresses.map((address) => ({ type: "InternalIP", address })) } },
      ] as Node[]
    const plan = (...addresses: string[]) => planOverlay(withAddresses(...addresses), self, "vxlan")
    const both = plan("2001:db8::2", "192.0.2.2")
    expect(new Set(both.peers.map(({ nodeAddress }) => nodeAddress))).toEqual(new Set(["192.0.2.2"]))
    expect(both.returns.map(({ destination }) => destination)).toEqual(["192.0.2.2", "2001:db8::2"])
    expect(plan("2001:db8::2")).toEqual({ ...nothing, outOfReach: ["node-2"] })
  })

  it("gives every node of a cluster another MAC address", () => {
    const cidrs = [...Array(256).keys()].flatMap((index) => [
      `10.244.${index}.0/24`,
      `fd00:244:0:${index}::/64`,
    ])
    expect(new Set(cidrs.map(overlayMacAddress)).size).toBe(cidrs.length)
  })
})

describe.skipIf(reason)(`overlay with real packets${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let server: TestServer
  let informers: Informers
  let wires: TestNamespace
  const nodes: TestNamespace[] = []
  const pods: TestNamespace[] = []
  const stop = new AbortController()

  const options = (index: number, mode: "vxlan" | "host-gw") => ({
    informers,
    nodeName: `node-${index}`,
    nodeAddress: `192.0.2.${index}`,
    prefix: "cortest",
    podCidrs: nodeObject(index).spec.podCIDRs,
    clusterCidrs: ["10.244.0.0/16", "fd00:244::/56"],
    gateways: [`10.244.${index}.1`],
    mode,
    commands: nodes[index - 1]!.commands,
    clock: realClock,
    log: silentLogger,
  })

  async function start(
    mode: "vxlan" | "host-gw",
  ): Promise<{ overlays: Overlay[]; end: () => Promise<void> }> {
    const until = new AbortController()
    const overlays = [1, 2, 3].map((index) => createOverlay(options(index, mode)))
    const running = overlays.map((overlay) => overlay.run(until.signal))
    await Promise.all(overlays.map((overlay) => overlay.ready))
    return {
      overlays,
      async end() {
        until.abort()
        await Promise.all(running)
      },
    }
  }

  const reach = (from: number, to: number) =>
    pods[from - 1]!.request({ address: `10.244.${to}.2`, port: 80, timeoutMs: 3000 })

  beforeAll(async () => {
    server = await startTestServer()
    wires = await createNamespace("wires")
    await wires.commands.run("ip", ["-batch", "-"], "link add br0 type bridge\nlink set br0 up\n")
    for (const index of [1, 2, 3]) {
      const node = await createNamespace(`node-${index}`)
      const pod = await createNamespace(`pod-${index}`)
      nodes.push(node)
      pods.push(pod)
      await wires.commands.run("ip", [
        "link",
        "add",
        `wire${index}`,
        "type",
        "veth",
        "peer",
        "name",
        "eth0",
        "netns",
        node.name,
      ])
      await wires.commands.run("ip", ["link", "set", `wire${index}`, "master", "br0", "up"])
      await node.commands.run(
        "ip",
        ["-batch", "-"],
        `link set eth0 up\naddr add 192.0.2.${index}/24 dev eth0\n`,
      )
      await connectPod(node, pod, `10.244.${index}.2`, `10.244.${index}.1`)
      const { status, ...object } = nodeObject(index)
      const created = await server.client.create(Node, object)
      await server.client.updateStatus(Node, { ...created, status: status as Node["status"] })
    }
    await Promise.all(
      pods.map((pod, index) => pod.serve({ answer: `pod-${index + 1}`, tcp: [80], udp: [53] })),
    )
    informers = createInformers({
      client: server.client,
      clock: realClock,
      random: realRandom,
      log: silentLogger,
    })
    informers.start(stop.signal)
  })

  afterAll(async () => {
    stop.abort()
    await server.stop()
    for (const space of [...pods, ...nodes, wires]) await space.remove()
  })

  it("carries packets between pods of different nodes, of any size that fits", async () => {
    expect(await reach(1, 2)).toEqual(["error: ENETUNREACH"])
    const { overlays, end } = await start("vxlan")
    expect(await reach(1, 2)).toEqual(["pod-2 10.244.1.2"])
    expect(await reach(3, 1)).toEqual(["pod-1 10.244.3.2"])
    expect(await nodes[0]!.request({ address: "10.244.3.2", port: 80 })).toEqual(["pod-3 10.244.1.1"])
    // From its own address, too, and the answer comes back by the overlay: nobody else knows where pods are.
    await wires.commands.run("nft", ["-f", "-"], strictWires)
    expect(await nodes[0]!.request({ address: "10.244.3.2", port: 80, from: "192.0.2.1" })).toEqual([
      "pod-3 192.0.2.1",
    ])
    await wires.commands.run("nft", ["delete", "table", "bridge", "strict"])
    expect(await findPodMtu(nodes[0]!.commands, "192.0.2.1", true)).toBe(1450)
    const datagram = (bytes: number) =>
      pods[0]!.request({
        protocol: "udp",
        address: "10.244.2.2",
        port: 53,
        bytes: bytes - 28,
        timeoutMs: 300,
      })
    expect(await datagram(1450)).toEqual(["pod-2 10.244.1.2"])
    expect(await datagram(1451)).not.toEqual(["pod-2 10.244.1.2"])
    await end()
    for (const overlay of overlays) await overlay.cleanUp()
  })

  it("keeps packets flowing over its own restart, and follows nodes that come and go", async () => {
    const first = await start("vxlan")
    const load = pods[0]!.request({ address: "10.244.2.2", port: 80, times: 600 })
    await first.end()
    const second = await start("vxlan")
    expect((await load).filter((answer) => answer.startsWith("error"))).toEqual([])
    await server.client.delete(Node, { name: "node-3" })
    await expect.poll(() => nodes[0]!.commands.run("ip", ["route", "show"])).not.toContain("10.244.3.0/24")
    await second.overlays[0]!.settled()
    expect(await nodes[0]!.commands.run("bridge", ["fdb", "show", "dev", "cortest-vxlan"])).not.toContain(
      "192.0.2.3",
    )
    expect(await nodes[0]!.commands.run("ip", ["neigh", "show", "dev", "cortest-vxlan"])).not.toContain(
      "10.244.3.0",
    )
    const { status, ...object } = nodeObject(3)
    const created = await server.client.create(Node, object)
    await server.client.updateStatus(Node, { ...created, status: status as Node["status"] })
    await expect.poll(() => reach(1, 3)).toEqual(["pod-3 10.244.1.2"])
    await second.end()
    for (const overlay of second.overlays) await overlay.cleanUp()
    expect(await nodes[0]!.commands.run("ip", ["route", "show", "proto", "157"])).toBe("")
    expect(await nodes[0]!.commands.run("ip", ["-brief", "link"])).not.toContain("vxlan")
    expect(await nodes[0]!.commands.run("ip", ["rule", "show"])).not.toContain("fwmark")
    expect(await nodes[0]!.commands.run("nft", ["list", "tables"])).not.toContain("overlay")
  })

  it("routes without an overlay where the nodes share a link", async () => {
    const { overlays, end } = await start("host-gw")
    expect(await reach(2, 3)).toEqual(["pod-3 10.244.2.2"])
    expect(await nodes[0]!.commands.run("ip", ["-brief", "link"])).not.toContain("vxlan")
    await end()
    for (const overlay of overlays) await overlay.cleanUp()
    expect(await nodes[0]!.commands.run("ip", ["route", "show", "proto", "157"])).toBe("")
  })

  it("knows who is behind a router, where plain routes do not lead", async () => {
    const { items } = await server.client.list(Node)
    const { commands } = nodes[0]!
    expect(await findRouterBetween(items, commands)).toBeUndefined()
    const far = nodeObject(9) as unknown as Node
    const away = { type: "InternalIP" as const, address: "203.0.113.9" }
    const moved = { ...far, status: { ...far.status, addresses: [away] } }
    const found = { node: "node-9", address: "203.0.113.9" }
    expect(await findRouterBetween([...items, moved], commands)).toEqual({
      ...found,
      via: "a network without a route from here",
    })
    await commands.run("ip", ["route", "add", "203.0.113.0/24", "via", "192.0.2.2"])
    expect(await findRouterBetween([...items, moved], commands)).toEqual({ ...found, via: "192.0.2.2" })
    await commands.run("ip", ["route", "del", "203.0.113.0/24"])
  })
})
