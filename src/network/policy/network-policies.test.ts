import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Namespace } from "../../api/core/v1/namespace.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { NetworkPolicy, type NetworkPolicySpec } from "../../api/networking/v1/network-policy.ts"
import { startTestServer, type TestServer } from "../../apiserver/testing.ts"
import { silentLogger } from "../../base/log.ts"
import { integer } from "../../base/random.ts"
import { realClock } from "../../base/real/clock.ts"
import { realRandom } from "../../base/real/random.ts"
import { SeededRandom } from "../../base/simulated/random.ts"
import { createInformers, type Informers } from "../../client/informers.ts"
import {
  connectNamespaces,
  connectPod,
  createNamespace,
  type TestNamespace,
  whyNoNamespaces,
} from "../testing/namespaces.ts"
import { whyNoSctp } from "../testing/sctp.ts"
import { ensureClusterPolicyDefinitions } from "./cluster-wide/definitions.ts"
import { clusterPolicyResources } from "./cluster-wide/resources.ts"
import { createNetworkPolicies, type NetworkPolicies } from "./create-network-policies.ts"
import { isAllowed } from "./model/is-allowed.ts"
import type { Connection } from "./model/policy-world.ts"

const reason = whyNoNamespaces()
const noSctp = whyNoSctp()
const nodeAddress = "192.0.2.1"
/** Another node, whose pods of the host network are there. */
const outsideAddress = "192.0.2.9"
/** They live on their nodes' addresses: labels mean nothing to policies there. */
const hostPods = [
  { name: "host-here", nodeName: "here", labels: { app: "web" }, address: nodeAddress },
  { name: "host-there", nodeName: "there", labels: { app: "db" }, address: outsideAddress },
]
const podSpecs = [
  { namespace: "one", name: "web", labels: { app: "web" }, address: "10.244.0.2" },
  { namespace: "one", name: "db", labels: { app: "db" }, address: "10.244.0.3" },
  { namespace: "two", name: "web", labels: { app: "web" }, address: "10.244.0.4" },
  { namespace: "two", name: "tool", labels: { app: "tool" }, address: "10.244.0.5" },
]

const skipped = reason ? ` (skipped: ${reason})` : noSctp ? ` (without SCTP: ${noSctp})` : ""

describe.skipIf(reason)(`network policies with real packets${skipped}`, () => {
  let server: TestServer
  let informers: Informers
  let policies: NetworkPolicies
  let running: Promise<void>
  let node: TestNamespace
  let outside: TestNamespace
  const spaces = new Map<string, TestNamespace>()
  const stop = new AbortController()

  beforeAll(async () => {
    server = await startTestServer()
    await ensureClusterPolicyDefinitions(server.client)
    node = await createNamespace("node")
    outside = await createNamespace("outside")
    await connectNamespaces(node, { name: "eth0", address: `${nodeAddress}/24` }, outside, {
      name: "eth0",
      address: `${outsideAddress}/24`,
    })
    await outside.commands.run("ip", ["route", "add", "10.244.0.0/24", "via", nodeAddress])
    for (const name of ["one", "two"])
      await server.client.create(Namespace, { metadata: { name, labels: { team: name } } })
    for (const pod of podSpecs) await startPod(pod)
    for (const pod of hostPods) await createHostPod(pod)
    spaces.set(outsideAddress, outside)
    spaces.set(nodeAddress, node)
    await outside.serve({ answer: "outside", tcp: [80, 81], udp: [53] })
    await node.serve({ answer: "node", tcp: [80, 81], udp: [53], address: nodeAddress })
    informers = createInformers({
      client: server.client,
      clock: realClock,
      random: realRandom,
      log: silentLogger,
    })
    policies = createNetworkPolicies({
      informers,
      client: server.client,
      nodeName: "here",
      prefix: "cortest",
      families: [4, 6],
      dnsServers: ["10.96.0.10"],
      commands: node.commands,
      clock: realClock,
      log: silentLogger,
    })
    running = policies.run(stop.signal)
    informers.start(stop.signal)
    await policies.ready
  })

  afterAll(async () => {
    stop.abort()
    await running
    await server.stop()
    for (const space of spaces.values()) await space.remove()
  })

  async function startPod({ namespace, name, labels, address }: (typeof podSpecs)[number]): Promise<void> {
    const created = await server.client.create(Pod, {
      metadata: { namespace, name, labels },
      spec: {
        nodeName: "here",
        containers: [
          {
            name: "c",
            image: "i",
            ports: [{ name: "http", containerPort: httpPortOf(name), protocol: "TCP" }],
          },
        ],
      },
    })
    await server.client.updateStatus(Pod, {
      ...created,
      status: { ...created.status, phase: "Running", podIPs: [{ ip: address }], podIP: address },
    })
    const space = await createNamespace(`${namespace}-${name}`)
    spaces.set(address, space)
    await connectPod(node, space, address, "10.244.0.1")
    await space.serve({ answer: name, tcp: [80, 81], udp: [53], ...(!noSctp && { sctp: [80] }) })
  }

  async function createHostPod({ name, nodeName, labels, address }: (typeof hostPods)[number]) {
    const containers = [
      { name: "c", image: "i", ports: [{ name: "http", containerPort: 81, protocol: "TCP" as const }] },
    ]
    const created = await server.client.create(Pod, {
      metadata: { namespace: "one", name, labels },
      spec: { nodeName, hostNetwork: true, containers },
    })
    await server.client.updateStatus(Pod, {
      ...created,
      status: { ...created.status, phase: "Running", podIPs: [{ ip: address }], podIP: address },
    })
  }

  async function setPolicies(specs: Readonly<Record<string, NetworkPolicySpec>>): Promise<void> {
    const existing = await server.client.list(NetworkPolicy)
    for (const { metadata } of existing.items)
      await server.client.delete(NetworkPolicy, { namespace: metadata.namespace!, name: metadata.name })
    for (const [key, spec] of Object.entries(specs)) {
      const [namespace = "", name = ""] = key.split("/")
      await server.client.create(NetworkPolicy, { metadata: { namespace, name }, spec })
    }
    const { metadata } = await server.client.list(NetworkPolicy)
    await informers.reached(NetworkPolicy, metadata.resourceVersion)
    await policies.settled()
  }

  /** Every address to every other, on every port: what gets through, and what should by the definition. */
  async function compareAll(): Promise<{ tried: number; allowed: number }> {
    const world = {
      policies: (await server.client.list(NetworkPolicy)).items,
      clusterPolicies: (
        await Promise.all(
          clusterPolicyResources.map(async (kind) =>
            (await server.client.list(kind)).items.map((item) => ({ ...item, kind: kind.kind })),
          ),
        )
      ).flat(),
      pods: podSpecs.map(({ namespace, name, labels, address }) => ({
        namespace,
        labels,
        addresses: [address],
        ports: [{ name: "http", protocol: "TCP" as const, port: httpPortOf(name) }],
        local: true,
        nodeAddresses: [nodeAddress],
      })),
      namespaces: new Map(
        (await server.client.list(Namespace)).items.map(({ metadata }) => [
          metadata.name,
          metadata.labels ?? {},
        ]),
      ),
    }
    const all = everyConnection()
    const expected = all.filter((connection) => isAllowed(world, connection))
    const through = await whatGetsThrough(all, 250)
    // On a busy machine an answer may be late: what surprises gets a second, longer chance.
    const surprises = all.filter((each) => expected.includes(each) !== through.has(each))
    const again = await whatGetsThrough(surprises, 2000)
    const seen = all.filter((each) => (surprises.includes(each) ? again : through).has(each))
    expect(seen.map(describeConnection)).toEqual(expected.map(describeConnection))
    return { tried: all.length, allowed: seen.length }
  }

  function everyConnection(): Connection[] {
    const addresses = Array.from(spaces.keys())
    const ports = [
      { protocol: "TCP", port: 80 },
      { protocol: "TCP", port: 81 },
      { protocol: "UDP", port: 53 },
    ] as const
    const sctp = noSctp ? [] : [{ protocol: "SCTP", port: 80 } as const]
    const isPod = (address: string) => podSpecs.some((pod) => pod.address === address)
    return addresses.flatMap((from) =>
      addresses
        .filter((to) => to !== from)
        .flatMap((to) => [...ports, ...(isPod(to) ? sctp : [])].map((port) => ({ from, to, ...port }))),
    )
  }

  async function whatGetsThrough(
    connections: readonly Connection[],
    timeoutMs: number,
  ): Promise<Set<Connection>> {
    const through = new Set<Connection>()
    await Promise.all(
      Array.from(spaces, async ([from, space]) => {
        const own = connections.filter((connection) => connection.from === from)
        if (own.length === 0) return
        const targets = own.map(({ to, protocol, port }) => ({
          address: to,
          port,
          protocol: protocol.toLowerCase() as "tcp" | "udp" | "sctp",
          ...(from === nodeAddress && { from }),
        }))
        for (const [index, answer] of (await space.probe(targets, timeoutMs)).entries())
          if (!answer.startsWith("error")) through.add(own[index]!)
      }),
    )
    return through
  }

  it("lets everything through without policies", async () => {
    const { tried, allowed } = await compareAll()
    expect(allowed).toBe(tried)
  })

  it("isolates, and lets through what policies name, in both directions", async () => {
    await setPolicies({
      "one/deny": { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
      "one/web-to-db": {
        podSelector: { matchLabels: { app: "web" } },
        policyTypes: ["Egress"],
        egress: [
          {
            to: [{ podSelector: { matchLabels: { app: "db" } } }],
            ports: [{ port: "http", protocol: "TCP" }],
          },
        ],
      },
      "one/db-from-web": {
        podSelector: { matchLabels: { app: "db" } },
        policyTypes: ["Ingress"],
        ingress: [
          {
            from: [
              { podSelector: { matchLabels: { app: "web" } } },
              { ipBlock: { cidr: "192.0.2.0/24", except: ["192.0.2.0/29"] } },
            ],
            ports: [{ port: 80, endPort: 81, protocol: "TCP" }],
          },
        ],
      },
      "two/from-team-one": {
        podSelector: { matchLabels: { app: "tool" } },
        policyTypes: ["Ingress"],
        ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: "one" } } }] }],
      },
    })
    await compareAll()
    expect(await spaces.get("10.244.0.2")!.request({ address: "10.244.0.3", port: 81 })).toEqual([
      "db 10.244.0.2",
    ])
    expect(await node.request({ address: "10.244.0.2", port: 80 })).toEqual(["web 10.244.0.1"])
    await setPolicies({})
    const { tried, allowed } = await compareAll()
    expect(allowed).toBe(tried)
  })

  it("does with packets what the definition says, for generated policies", async () => {
    const random = new SeededRandom("policy matrix")
    const pick = <T>(choices: readonly T[]): T => choices[integer(random, choices.length)]!
    const selector = () =>
      pick([
        {},
        { matchLabels: { app: "web" } },
        { matchLabels: { app: "db" } },
        { matchExpressions: [{ key: "app", operator: "NotIn", values: ["web"] }] },
      ])
    const peer = () =>
      pick([
        { podSelector: selector() },
        { namespaceSelector: pick([{}, { matchLabels: { team: "one" } }]) },
        { namespaceSelector: {}, podSelector: selector() },
        { ipBlock: { cidr: "192.0.2.0/24" } },
        { ipBlock: { cidr: "0.0.0.0/0", except: ["10.244.0.4/31"] } },
        { ipBlock: { cidr: "192.0.2.0/24", except: [`${pick([nodeAddress, outsideAddress])}/32`] } },
        { ipBlock: { cidr: "0.0.0.0/0", except: ["192.0.2.0/29", "192.0.2.8/31"] } },
      ])
    const port = () =>
      pick([
        { port: 80, protocol: "TCP" as const },
        { port: "http", protocol: "TCP" as const },
        { port: 53, protocol: "UDP" as const },
        { port: 80, protocol: "SCTP" as const },
        { protocol: "SCTP" as const },
        { port: 80, endPort: 90, protocol: "TCP" as const },
      ])
    const several = <T>(make: () => T, most: number): T[] =>
      Array.from({ length: integer(random, most + 1) }, make)
    for (let round = 0; round < 6; round++) {
      const specs = Object.fromEntries(
        Array.from({ length: 6 }, (_, index) => [
          `${pick(["one", "two"])}/generated-${index}`,
          {
            podSelector: selector(),
            policyTypes: pick<("Ingress" | "Egress")[]>([["Ingress"], ["Egress"], ["Ingress", "Egress"]]),
            ingress: several(() => ({ from: several(peer, 2), ports: several(port, 2) }), 2),
            egress: several(() => ({ to: several(peer, 2), ports: several(port, 2) }), 2),
          },
        ]),
      )
      await setPolicies(specs)
      await compareAll()
    }
  })

  it("takes pods on a node's address for the node: no label selects them, neither as subject nor as peer", async () => {
    const everywhere = { namespaceSelector: {}, podSelector: {} }
    await setPolicies({
      "one/pods-alone": {
        podSelector: {},
        policyTypes: ["Ingress", "Egress"],
        ingress: [{ from: [everywhere] }],
        egress: [{ to: [everywhere] }],
      },
    })
    await compareAll()
    const connects = async (from: string, to: string, timeoutMs = 3000) =>
      (await spaces.get(from)!.request({ address: to, port: 80, timeoutMs }))[0] !== "error: timeout"
    const [web] = podSpecs
    expect(await connects(nodeAddress, web!.address)).toBe(true)
    expect(await connects(outsideAddress, web!.address, 400)).toBe(false)
    expect(await connects(web!.address, outsideAddress, 400)).toBe(false)
    expect(await connects(outsideAddress, nodeAddress)).toBe(true)
    await setPolicies({
      "one/other-node": {
        podSelector: {},
        policyTypes: ["Ingress"],
        ingress: [{ from: [{ ipBlock: { cidr: "192.0.2.0/24", except: [`${nodeAddress}/32`] } }] }],
      },
    })
    await compareAll()
    expect(await connects(outsideAddress, web!.address)).toBe(true)
    expect(await connects(nodeAddress, web!.address)).toBe(true)
  })

  it("asks cluster-wide policies before and after, in rules that the kernel takes", async () => {
    const x = { namespaces: { matchLabels: { team: "one" } } }
    const everybody = { namespaces: {} }
    await setPolicies({ "two/closed": { podSelector: {}, policyTypes: ["Ingress"] } })
    const create = async (kind: string, name: string, spec: object, annotations = {}) => {
      const resource = clusterPolicyResources.find((each) => each.kind === kind)!
      const { metadata } = await server.client.create(resource, { metadata: { name, annotations }, spec })
      await informers.reached(resource, metadata.resourceVersion)
    }
    const log = { "coracle.dev/log-denied": "true" }
    await create(
      "ClusterNetworkPolicy",
      "web",
      {
        tier: "Admin",
        priority: 5,
        subject: everybody,
        ingress: [
          {
            action: "Accept",
            from: [x],
            protocols: [{ tcp: { destinationPort: { number: 80 } } }, { destinationNamedPort: "http" }],
          },
          { action: "Pass", from: [{ pods: { podSelector: { matchLabels: { app: "tool" } } } }] },
        ],
        egress: [
          {
            action: "Deny",
            to: [{ networks: ["192.0.2.0/24"] }, { nodes: {} }],
            protocols: [{ udp: { destinationPort: { number: 53 } } }],
          },
        ],
      },
      log,
    )
    await create(
      "AdminNetworkPolicy",
      "tool",
      {
        priority: 6,
        subject: { pods: { namespaceSelector: {}, podSelector: { matchLabels: { app: "web" } } } },
        ingress: [
          {
            name: 'no "tools"',
            action: "Deny",
            from: [everybody],
            ports: [{ portRange: { protocol: "TCP", start: 81, end: 90 } }],
          },
        ],
      },
      log,
    )
    await create("BaselineAdminNetworkPolicy", "default", {
      subject: x,
      egress: [{ action: "Deny", to: [everybody], ports: [{ portNumber: { protocol: "UDP", port: 53 } }] }],
    })
    await policies.settled()
    const { tried, allowed } = await compareAll()
    expect(allowed).toBeGreaterThan(0)
    expect(allowed).toBeLessThan(tried)
    for (const kind of clusterPolicyResources) await server.client.deleteCollection(kind)
    await expect
      .poll(() => node.commands.run("nft", ["list", "table", "ip", "cortest-policy"]))
      .not.toContain("admin-")
    await setPolicies({})
    expect((await compareAll()).allowed).toBe(tried)
  })

  it("protects a pod before anybody knows its address", async () => {
    await setPolicies({ "one/deny": { podSelector: {}, policyTypes: ["Ingress"] } })
    const { metadata } = await server.client.create(Pod, {
      metadata: { namespace: "one", name: "new", labels: {} },
      spec: { nodeName: "here", containers: [{ name: "c", image: "i" }] },
    })
    await policies.announce({ uid: metadata.uid, namespace: "one", name: "new" }, ["10.244.0.9"])
    expect(await node.commands.run("nft", ["list", "map", "ip", "cortest-policy", "ingress-pods"])).toContain(
      "10.244.0.9",
    )
    await server.client.delete(Pod, { namespace: "one", name: "new" }, { gracePeriodSeconds: 0 })
    await expect
      .poll(() => node.commands.run("nft", ["list", "map", "ip", "cortest-policy", "ingress-pods"]))
      .not.toContain("10.244.0.9")
  })

  it("leaves nothing behind", async () => {
    stop.abort()
    await running
    await policies.cleanUp()
    expect(await node.commands.run("nft", ["list", "tables"])).toBe("")
  })
})

function httpPortOf(podName: string): number {
  return podName === "db" ? 81 : 80
}

function describeConnection({ from, to, protocol, port }: Connection): string {
  return `${from} -> ${to} ${protocol} ${port}`
}
