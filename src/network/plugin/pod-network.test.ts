import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { silentLogger } from "../../base/log.ts"
import { createNamespace, type TestNamespace, whyNoNamespaces } from "../testing/namespaces.ts"
import { createPodNetwork } from "./create-pod-network.ts"
import type { PodNetwork, PodToConnect } from "./pod-network.ts"

const reason = whyNoNamespaces()

describe.skipIf(reason)(`pod network with real packets${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let directory: string
  let node: TestNamespace
  let network: PodNetwork
  const spaces: TestNamespace[] = []

  const create = () =>
    createPodNetwork({
      clusterId: "test",
      directory: join(directory, "network"),
      sharedDirectory: join(directory, "shared"),
      clusterCidrs: ["10.244.0.0/16", "fd00:244::/56"],
      serviceCidrs: ["10.96.0.0/16"],
      dnsServers: ["10.96.0.10"],
      commands: node.commands,
      log: silentLogger,
    })

  /** As containerd does it: the sandbox's namespace, then the plugins. */
  async function plug(
    pod: PodToConnect,
    command: string,
    space: TestNamespace,
    uid = pod.uid,
  ): Promise<string> {
    const variables = {
      CNI_COMMAND: command,
      CNI_CONTAINERID: "c1",
      CNI_NETNS: space.path,
      CNI_IFNAME: "eth0",
      CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=${pod.namespace};K8S_POD_NAME=${pod.name};K8S_POD_UID=${uid}`,
      CNI_PATH: network.cniBinaryDirectory,
    }
    const env = Object.entries(variables).map(([name, value]) => `${name}=${value}`)
    return node.commands.run(
      "env",
      [...env, join(network.cniBinaryDirectory, "coracle")],
      '{"cniVersion":"0.4.0"}',
    )
  }

  async function startPod(
    pod: PodToConnect,
  ): Promise<{ space: TestNamespace; addresses: readonly string[] }> {
    const addresses = await network.prepare(pod)
    const space = await createNamespace(pod.name)
    spaces.push(space)
    await plug(pod, "ADD", space)
    return { space, addresses }
  }

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "coracle-pod-network-"))
    node = await createNamespace("node")
    // New namespaces take it over from the machine, which may be a router already.
    await node.commands.run("tee", ["/proc/sys/net/ipv4/ip_forward"], "0")
    network = create()
    await network.start(["10.244.3.0/24", "fd00:244:0:3::/64"])
  })

  afterAll(async () => {
    await network.cleanUp()
    for (const space of spaces) await space.remove()
    await node.remove()
    await rm(directory, { recursive: true, force: true })
  })

  it("connects pods with each other and with the node, and opens host ports", async () => {
    const server = await startPod({
      uid: "uid-server",
      namespace: "default",
      name: "server",
      hostPorts: [
        { protocol: "TCP", hostPort: 8080, containerPort: 80 },
        { protocol: "UDP", hostPort: 8053, containerPort: 53 },
        { protocol: "TCP", hostPort: 8081, containerPort: 80, hostIP: "127.0.0.1" },
      ],
    })
    expect(server.addresses).toEqual(["10.244.3.2", "fd00:244:0:3::2"])
    const client = await startPod({ uid: "uid-client", namespace: "default", name: "client" })
    await server.space.serve({ answer: "server", tcp: [80], udp: [53] })
    const from = async (
      space: TestNamespace,
      address: string,
      port: number,
      protocol: "tcp" | "udp" = "tcp",
    ) => (await space.request({ address, port, protocol }))[0]

    expect(await from(client.space, "10.244.3.2", 80)).toBe("server 10.244.3.3")
    expect(await from(node, "10.244.3.2", 80)).toBe("server 10.244.3.1")
    expect(await from(client.space, "10.244.3.1", 8080)).toBe("server 10.244.3.3")
    expect(await from(client.space, "10.244.3.1", 8053, "udp")).toBe("server 10.244.3.3")
    expect(await from(node, "127.0.0.1", 8080)).toMatch(/^server 10\.\d/)
    expect(await from(node, "127.0.0.1", 8081)).toMatch(/^server 10\.\d/)
    expect(await from(client.space, "10.244.3.1", 8081)).toBe("error: ECONNREFUSED")
    // A pod that calls itself through its host port needs a translated source, or it would answer itself directly.
    expect(await from(server.space, "10.244.3.1", 8080)).toMatch(/^server /)
  })

  it("serves IPv6 beside IPv4", async () => {
    const six = await startPod({ uid: "uid-six", namespace: "default", name: "six" })
    const client = spaces.find((space) => space.name.endsWith("client"))!
    await six.space.serve({ answer: "six", tcp: [80], address: "::" })
    expect(await client.request({ address: six.addresses[1]!, port: 80 })).toEqual(["six fd00:244:0:3::3"])
    expect(await node.request({ address: six.addresses[1]!, port: 80 })).toEqual(["six fd00:244:0:3::1"])
  })

  it("does not believe a pod that uses another address than its own", async () => {
    await node.serve({ answer: "node", tcp: [9000], address: "127.0.0.1" })
    await node.serve({ answer: "node", tcp: [9000], address: "10.244.3.1" })
    const client = spaces.find((space) => space.name.endsWith("client"))!
    await client.commands.run("ip", ["addr", "add", "10.244.3.99/32", "dev", "eth0"])
    const request = { address: "10.244.3.1", port: 9000 }
    expect(await client.request({ ...request, from: "10.244.3.99", timeoutMs: 300 })).toEqual([
      "error: timeout",
    ])
    expect(await client.request(request)).toEqual(["node 10.244.3.3"])

    await node.serve({ answer: "node", tcp: [9001], address: "fd00:244:0:3::1" })
    await client.commands.run("ip", ["addr", "add", "fd00:244:0:3::99/128", "dev", "eth0", "nodad"])
    const request6 = { address: "fd00:244:0:3::1", port: 9001 }
    expect(await client.request({ ...request6, from: "fd00:244:0:3::99", timeoutMs: 300 })).toEqual([
      "error: timeout",
    ])
    await client.commands.run("ip", ["addr", "del", "fd00:244:0:3::99/128", "dev", "eth0"])
    expect(await client.request(request6)).toEqual(["node fd00:244:0:3::3"])
    // Policies know nothing of its address on the cable; the kernel uses it once it is known to be nobody else's.
    await hasAddressOnTheCable(client)
    await node.serve({ answer: "node", tcp: [9002], address: "::" })
    const neighbour = { address: "fe80::1%eth0", port: 9002, timeoutMs: 300 }
    expect(await client.request(neighbour)).toEqual(["error: timeout"])
  })

  it("keeps pods away from the node's loopback address", async () => {
    const client = spaces.find((space) => space.name.endsWith("client"))!
    await client.commands.run(
      "ip",
      ["-batch", "-"],
      [
        "route del local 127.0.0.0/8 dev lo table local",
        "route del local 127.0.0.1 dev lo table local",
        "route add 127.0.0.1 via 10.244.3.1 dev eth0 src 10.244.3.3\n",
      ].join("\n"),
    )
    await client.commands.run("tee", ["/proc/sys/net/ipv4/conf/eth0/route_localnet"], "1")
    await node.commands.run(
      "nft",
      ["-f", "-"],
      `table ip arrivals { chain input { type filter hook input priority 0; ip daddr 127.0.0.1 iifname "cor*" counter; }; }`,
    )
    const arrived = async () => {
      await client.request({ address: "127.0.0.1", port: 9000, timeoutMs: 200 })
      const chain = await node.commands.run("nft", ["list", "chain", "ip", "arrivals", "input"])
      return Number(/packets (\d+)/.exec(chain)?.[1])
    }
    expect(await arrived()).toBe(0)
    // The rule did it: without it packets arrive.
    await node.commands.run("nft", ["flush", "chain", "ip", `${network.prefix}-pods`, "guard"])
    expect(await arrived()).toBeGreaterThan(0)
    await node.commands.run("nft", ["delete", "table", "ip", "arrivals"])
  })

  it("prints what the runtime wants to know, and refuses pods that nobody prepared", async () => {
    const pod = { uid: "uid-result", namespace: "default", name: "result" }
    await network.prepare(pod)
    const space = await createNamespace("result")
    spaces.push(space)
    const result = JSON.parse(await plug(pod, "ADD", space))
    expect(result).toMatchObject({
      cniVersion: "0.4.0",
      interfaces: [{ mac: "ee:ee:ee:ee:ee:ee" }, { name: "eth0", sandbox: space.path }],
      ips: [
        { version: "4", interface: 1, address: "10.244.3.5/32", gateway: "10.244.3.1" },
        { version: "6", interface: 1, address: "fd00:244:0:3::5/128", gateway: "fe80::1" },
      ],
    })
    expect(await plug(pod, "CHECK", space)).toBe("")
    await expect(plug(pod, "ADD", space, "uid-stranger")).rejects.toThrow()
    expect(await plug(pod, "DEL", space, "uid-stranger")).toBe("")
    // A second sandbox of the same pod takes the cable over.
    const second = await createNamespace("second")
    spaces.push(second)
    await plug(pod, "ADD", second)
    expect(await second.commands.run("ip", ["addr", "show", "eth0"])).toContain("10.244.3.5/32")
  })

  it("remembers addresses over a restart, gives them back on release and never twice", async () => {
    network = create()
    await network.start(["10.244.3.0/24", "fd00:244:0:3::/64"])
    expect(await network.prepare({ uid: "uid-server", namespace: "default", name: "server" })).toEqual([
      "10.244.3.2",
      "fd00:244:0:3::2",
    ])
    const server = spaces.find((space) => space.name.endsWith("server"))!
    expect(await server.request({ address: "10.244.3.1", port: 8080 })).toHaveLength(1)
    await network.release("uid-result")
    expect(await readdir(join(directory, "network", "pods"))).not.toContain("uid-result")
    await network.adopt(["uid-server", "uid-client"])
    expect((await readdir(join(directory, "network", "pods"))).sort()).toEqual([
      "uid-client",
      "uid-client.namespace",
      "uid-server",
      "uid-server.namespace",
    ])
    expect(await network.prepare({ uid: "uid-new", namespace: "default", name: "new" })).toEqual([
      "10.244.3.6",
      "fd00:244:0:3::6",
    ])
  })

  it("makes again what somebody removed", async () => {
    const client = spaces.find((space) => space.name.endsWith("client"))!
    await node.commands.run("nft", ["flush", "ruleset"])
    await node.commands.run("ip", ["link", "del", `${network.prefix}-node`])
    expect(await client.request({ address: "10.244.3.1", port: 8080 })).not.toEqual(["server 10.244.3.3"])
    await network.repair()
    expect(await client.request({ address: "10.244.3.1", port: 8080 })).toEqual(["server 10.244.3.3"])
    await network.repair()
  })

  it("forgets the dead before it starts, too", async () => {
    network = create()
    await network.adopt(["uid-server"])
    await network.start(["10.244.3.0/24", "fd00:244:0:3::/64"])
    const files = await readdir(join(directory, "network", "pods"))
    expect(files.filter((name) => !name.includes("."))).toEqual(["uid-server"])
    expect(await network.prepare({ uid: "uid-next", namespace: "default", name: "next" })).toEqual([
      "10.244.3.3",
      "fd00:244:0:3::3",
    ])
  })

  it("leaves nothing behind", async () => {
    expect(await readFile(join(directory, "shared", "net.ipv4.ip_forward", "original"), "utf8")).toBe("0")
    await network.cleanUp()
    expect(await node.commands.run("nft", ["list", "tables"])).toBe("")
    expect(await node.commands.run("ip", ["-brief", "link"])).toMatch(/^lo\s/)
    expect((await node.commands.run("ip", ["-brief", "link"])).trim().split("\n")).toHaveLength(1)
    expect((await node.commands.run("cat", ["/proc/sys/net/ipv4/ip_forward"])).trim()).toBe("0")
    expect(await readdir(join(directory, "shared"))).toEqual([])
  })
})

async function hasAddressOnTheCable({ commands }: TestNamespace): Promise<void> {
  const list = () =>
    commands.run("ip", ["-6", "-o", "addr", "show", "dev", "eth0", "scope", "link", "-tentative"])
  while ((await list()) === "") await new Promise((resolve) => setTimeout(resolve, 50))
}
