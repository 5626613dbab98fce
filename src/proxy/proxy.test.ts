import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Node } from "../api/core/v1/node.ts"
import { Service, type ServiceSpec } from "../api/core/v1/service.ts"
import { EndpointSlice } from "../api/discovery/v1/endpoint-slice.ts"
import { startTestServer, type TestServer } from "../apiserver/testing.ts"
import { silentLogger } from "../base/log.ts"
import { realClock } from "../base/real/clock.ts"
import { realRandom } from "../base/real/random.ts"
import { createInformers, type Informers } from "../client/informers.ts"
import {
  connectNamespaces,
  connectPod,
  createNamespace,
  routePod,
  type TestNamespace,
  whyNoNamespaces,
} from "../network/testing/namespaces.ts"
import { whyNoSctp } from "../network/testing/sctp.ts"
import { planService } from "./model/plan-service.ts"
import { elementsOf } from "./nftables/elements.ts"
import { Ruleset } from "./nftables/ruleset.ts"
import { createProxy } from "./create-proxy.ts"
import type { Proxy } from "./proxy.ts"
import { type TestEndpoint, testService, testSlice } from "./testing.ts"

const reason = whyNoNamespaces()
const noSctp = whyNoSctp()
const gateway = "10.244.0.1"
const podAddresses = ["10.244.0.2", "10.244.0.3", "10.244.0.4"]
const endpoints: TestEndpoint[] = podAddresses.map((address) => ({ address, node: "here" }))

describe.skipIf(reason)(`proxy with real packets${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let server: TestServer
  let informers: Informers
  let proxy: Proxy
  let running: Promise<void>
  let node: TestNamespace
  let outside: TestNamespace
  const pods: TestNamespace[] = []
  const stop = new AbortController()

  /** Creates or replaces the Service and its endpoints, and waits until they are in the kernel. */
  async function apply(
    name: string,
    spec: Partial<ServiceSpec>,
    all: readonly TestEndpoint[],
    ports?: Parameters<typeof testSlice>[2],
    ingress: string[] = [],
  ) {
    const { client } = server
    const service = testService(name, spec, ingress)
    const slice = testSlice(name, all, ports)
    const { uid: _uid, resourceVersion: _version, creationTimestamp: _time, ...metadata } = service.metadata
    const existing = await client.get(Service, { namespace: "default", name }).catch(() => undefined)
    const written = existing
      ? await client.update(Service, { ...existing, spec: { ...existing.spec, ...spec } })
      : await client.create(Service, { ...service, metadata })
    await client.updateStatus(Service, { ...written, status: service.status })
    const oldSlice = await client
      .get(EndpointSlice, { namespace: "default", name: slice.metadata.name })
      .catch(() => undefined)
    const last = oldSlice
      ? await client.update(EndpointSlice, { ...oldSlice, endpoints: slice.endpoints, ports: slice.ports })
      : await client.create(EndpointSlice, {
          ...slice,
          metadata: { namespace: "default", name: slice.metadata.name, labels: slice.metadata.labels },
        })
    const service2 = await client.get(Service, { namespace: "default", name })
    await informers.reached(Service, service2.metadata.resourceVersion)
    await informers.reached(EndpointSlice, last.metadata.resourceVersion)
    await proxy.settled()
  }

  /** Counts from now on how connections from there are refused. */
  async function countErrors({ commands }: TestNamespace) {
    await commands.run(
      "nft",
      ["-f", "-"],
      `table ip counted {
        chain input {
          type filter hook input priority 300
          icmp type destination-unreachable icmp code port-unreachable counter
          tcp flags & rst == rst counter
        }
      }`,
    )
    return async () => {
      const listing = await commands.run("nft", ["list", "table", "ip", "counted"])
      await commands.run("nft", ["delete", "table", "ip", "counted"])
      const [unreachable = 0, reset] = Array.from(listing.matchAll(/packets (\d+)/g), ([, n]) => Number(n))
      return { unreachable, reset }
    }
  }

  /** Who answered, without the address they saw. */
  const names = (answers: readonly string[]): string[] =>
    answers.map((answer) => (answer.startsWith("error") ? answer : answer.split(" ")[0]!))
  const nameSet = (answers: readonly string[]) => [...new Set(names(answers))].sort()

  beforeAll(async () => {
    server = await startTestServer()
    await server.client.create(Node, { metadata: { name: "here" } })
    node = await createNamespace("node")
    outside = await createNamespace("outside")
    await connectNamespaces(node, { name: "eth0", address: "192.0.2.1/24" }, outside, {
      name: "eth0",
      address: "192.0.2.9/24",
    })
    for (const destination of ["203.0.113.0/24", "10.96.0.0/16"])
      await outside.commands.run("ip", ["route", "add", destination, "via", "192.0.2.1"])
    await node.commands.run("ip", ["route", "add", "default", "via", "192.0.2.9"])
    for (const [index, address] of podAddresses.entries()) {
      const pod = await createNamespace(`pod-${index}`)
      pods.push(pod)
      await connectPod(node, pod, address, gateway)
    }
    await Promise.all(
      pods.map((pod, index) => pod.serve({ answer: `pod-${index}`, tcp: [8080], udp: [5353] })),
    )
    informers = createInformers({
      client: server.client,
      clock: realClock,
      random: realRandom,
      log: silentLogger,
    })
    proxy = createProxy({
      informers,
      nodeName: "here",
      prefix: "cortest",
      podNetworks: ["10.244.0.0/16", "fd00:244::/56"],
      keepNodeAddresses: true,
      serviceNetworks: ["10.96.0.0/16"],
      commands: node.commands,
      clock: realClock,
      log: silentLogger,
    })
    running = proxy.run(stop.signal)
    informers.start(stop.signal)
    await proxy.ready
  })

  afterAll(async () => {
    stop.abort()
    await running
    await server.stop()
    for (const space of [...pods, outside, node]) await space.remove()
  })

  it("spreads connections to a cluster IP over all endpoints, from pods and from the node", async () => {
    await apply("web", { clusterIP: "10.96.1.1" }, endpoints)
    const target = { address: "10.96.1.1", port: 80, times: 40 }
    const fromPod = await pods[0]!.request(target)
    expect(nameSet(fromPod)).toEqual(["pod-0", "pod-1", "pod-2"])
    // Pods see who calls, except those that call themselves.
    expect(fromPod).toContain("pod-1 10.244.0.2")
    expect(fromPod).not.toContain("pod-0 10.244.0.2")
    expect(nameSet(await node.request(target))).toEqual(["pod-0", "pod-1", "pod-2"])
  })

  it("drops an endpoint for new connections and refuses when none is left", async () => {
    await apply("web", { clusterIP: "10.96.1.1" }, [
      endpoints[0]!,
      { ...endpoints[1]!, ready: false },
      { ...endpoints[2]!, ready: false },
    ])
    const target = { address: "10.96.1.1", port: 80, times: 10 }
    expect(nameSet(await pods[1]!.request(target))).toEqual(["pod-0"])
    await apply("web", { clusterIP: "10.96.1.1" }, [])
    expect(await pods[1]!.request({ ...target, times: 1 })).toEqual(["error: ECONNREFUSED"])
    expect(await node.request({ ...target, times: 1 })).toEqual(["error: ECONNREFUSED"])
    expect(await pods[1]!.request({ ...target, port: 81, times: 1 })).toEqual(["error: ECONNREFUSED"])
    await apply("web", { clusterIP: "10.96.1.1" }, endpoints)
    expect(nameSet(await pods[1]!.request(target)).length).toBeGreaterThan(1)
  })

  it("refuses by ICMP where no endpoint is left, at every kind of address, and drops strangers to a load balancer's", async () => {
    const port = { targetPort: 8080, nodePort: 30090 }
    await apply(
      "empty",
      {
        clusterIP: "10.96.1.9",
        type: "LoadBalancer",
        externalIPs: ["203.0.113.11"],
        ports: [
          { name: "tcp", port: 80, protocol: "TCP", ...port },
          { name: "udp", port: 80, protocol: "UDP", ...port },
        ],
      },
      [],
      undefined,
      ["203.0.113.10"],
    )
    const targets = [
      { address: "10.96.1.9", port: 80 },
      { address: "203.0.113.10", port: 80 },
      { address: "203.0.113.11", port: 80 },
      { address: "192.0.2.1", port: 30090 },
    ]
    // Of these errors the kernel sends each client some at once and then one a second: UDP would wait in vain for those it holds back.
    await node.commands.run("tee", ["/proc/sys/net/ipv4/icmp_ratelimit"], "0")
    for (const space of [pods[1]!, outside, node]) {
      const errors = await countErrors(space)
      for (const protocol of ["tcp", "udp"] as const)
        for (const target of targets)
          expect(await space.request({ ...target, protocol, timeoutMs: 5000 }), target.address).toEqual([
            "error: ECONNREFUSED",
          ])
      const { unreachable, reset } = await errors()
      expect(unreachable).toBeGreaterThanOrEqual(8)
      expect(reset).toBe(0)
    }
    await apply("empty", { loadBalancerSourceRanges: ["198.51.100.0/24"] }, [], undefined, ["203.0.113.10"])
    expect(await outside.request({ ...targets[1]!, timeoutMs: 300 })).toEqual(["error: timeout"])
    expect(await outside.request({ ...targets[2]!, timeoutMs: 5000 })).toEqual(["error: ECONNREFUSED"])
  })

  it("opens node ports on every address of the node, its loopback address too", async () => {
    await apply(
      "nodeport",
      {
        clusterIP: "10.96.1.2",
        type: "NodePort",
        ports: [{ port: 80, targetPort: 8080, protocol: "TCP", nodePort: 30080 }],
      },
      endpoints,
    )
    for (const [space, address] of [
      [outside, "192.0.2.1"],
      [node, "192.0.2.1"],
      [node, "127.0.0.1"],
      [pods[0]!, "192.0.2.1"],
    ] as const)
      expect(nameSet(await space.request({ address, port: 30080, times: 30 }))).toEqual([
        "pod-0",
        "pod-1",
        "pod-2",
      ])
    expect(await outside.request({ address: "192.0.2.1", port: 30080 })).not.toContainEqual(
      expect.stringContaining("192.0.2.9"),
    )
  })

  it("shows the client's address under the external policy Local, and drops where no endpoint is local", async () => {
    const spec: Partial<ServiceSpec> = {
      clusterIP: "10.96.1.3",
      type: "LoadBalancer",
      externalTrafficPolicy: "Local",
      ports: [{ port: 80, targetPort: 8080, protocol: "TCP", nodePort: 30081 }],
    }
    const split = [endpoints[0]!, { ...endpoints[1]!, node: "there" }]
    await apply("local", spec, split, undefined, ["203.0.113.7"])
    const port = { address: "192.0.2.1", port: 30081 }
    const loadBalancer = { address: "203.0.113.7", port: 80 }
    for (const target of [port, loadBalancer]) {
      expect(new Set(await outside.request({ ...target, times: 10 }))).toEqual(new Set(["pod-0 192.0.2.9"]))
      expect(nameSet(await pods[2]!.request({ ...target, times: 30 }))).toEqual(["pod-0", "pod-1"])
      expect(nameSet(await node.request({ ...target, times: 30 }))).toEqual(["pod-0", "pod-1"])
    }
    await apply("local", spec, [split[1]!], undefined, ["203.0.113.7"])
    expect(await outside.request({ ...port, timeoutMs: 300 })).toEqual(["error: timeout"])
    expect(nameSet(await pods[2]!.request(loadBalancer))).toEqual(["pod-1"])
  })

  it("shows pods the node's own address once it is known", async () => {
    await apply("own", { clusterIP: "10.96.0.60" }, endpoints)
    const ask = async () =>
      (await node.request({ address: "10.96.0.60", port: 80, from: "192.0.2.1" }))[0]!.split(" ")[1]
    expect(await ask()).toBe(gateway)
    const found = await server.client.get(Node, { name: "here" })
    const addresses = [{ type: "InternalIP" as const, address: "192.0.2.1" }]
    await server.client.updateStatus(Node, { ...found, status: { ...found.status, addresses } })
    await expect.poll(ask).toBe("192.0.2.1")
  })

  it("lets nobody but the source ranges reach a load balancer's address", async () => {
    const spec: Partial<ServiceSpec> = {
      clusterIP: "10.96.1.4",
      type: "LoadBalancer",
      loadBalancerSourceRanges: ["198.51.100.0/24"],
    }
    await apply("guarded", spec, endpoints, undefined, ["203.0.113.8"])
    const target = { address: "203.0.113.8", port: 80, timeoutMs: 300 }
    expect(await outside.request(target)).toEqual(["error: timeout"])
    await apply(
      "guarded",
      { ...spec, loadBalancerSourceRanges: ["198.51.100.0/24", "192.0.2.0/28"] },
      endpoints,
      undefined,
      ["203.0.113.8"],
    )
    expect(nameSet(await outside.request(target))).not.toContain("error: timeout")
  })

  /** Of three endpoints one answers as long as it is asked in time, and others when it was not. */
  async function expectClientsForgotten(target: { address: string; port: number }, seconds: number) {
    const ask = async () => {
      const names = nameSet(await pods[0]!.request({ ...target, times: 5 }))
      expect(names).toHaveLength(1)
      return { name: names[0], atMs: performance.now() }
    }
    let last = await ask()
    for (let asked = 0; asked < 2; asked++) {
      await sleep(seconds * 600)
      const next = await ask()
      // On a busy machine the question may have come too late.
      if (next.atMs - last.atMs < seconds * 1000) expect(next.name).toBe(last.name)
      last = next
    }
    await expect
      .poll(async () => (await ask()).name, { interval: seconds * 1200, timeout: 40_000 })
      .not.toBe(last.name)
  }

  it("keeps a client with its endpoint, and finds it another one when that is gone", async () => {
    const spec: Partial<ServiceSpec> = {
      clusterIP: "10.96.1.5",
      type: "NodePort",
      ports: [{ port: 80, targetPort: 8080, protocol: "TCP", nodePort: 30_085 }],
      sessionAffinity: "ClientIP",
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 3600 } },
    }
    await apply("sticky", spec, endpoints)
    const target = { address: "10.96.1.5", port: 80, times: 15 }
    const [first, ...others] = nameSet(await pods[0]!.request(target))
    expect(others).toEqual([])
    // Whichever of the Service's addresses it takes.
    const nodePort = { address: "192.0.2.1", port: 30_085, times: 15 }
    expect(nameSet(await pods[0]!.request(nodePort))).toEqual([first])
    const remaining = endpoints.filter((_, index) => `pod-${index}` !== first)
    await apply("sticky", spec, remaining)
    const [second, ...rest] = nameSet(await pods[0]!.request(target))
    expect(rest).toEqual([])
    expect(second).not.toBe(first)
    await apply("sticky", spec, endpoints)
    expect(nameSet(await pods[0]!.request(target))).toEqual([second])
    await apply("sticky", { ...spec, sessionAffinityConfig: { clientIP: { timeoutSeconds: 2 } } }, endpoints)
    await expectClientsForgotten({ address: "10.96.1.5", port: 80 }, 2)
    await apply("sticky", { ...spec, sessionAffinity: "None", sessionAffinityConfig: undefined }, endpoints)
    expect(nameSet(await pods[0]!.request({ ...target, times: 40 }))).toHaveLength(3)
  })

  it.skipIf(noSctp)(`carries SCTP, too${noSctp ? ` (skipped: ${noSctp})` : ""}`, async () => {
    const port = { port: 80, targetPort: 8080, protocol: "SCTP" as const, nodePort: 30_086 }
    const spec: Partial<ServiceSpec> = { clusterIP: "10.96.1.8", type: "NodePort", ports: [port] }
    await pods[1]!.serve({ answer: "", sctp: [8080] })
    await apply("sctp", spec, [endpoints[1]!], [{ port: 8080, protocol: "SCTP" }])
    const ask = { protocol: "sctp", timeoutMs: 5000 } as const
    for (const [space, address, number] of [
      [pods[0]!, "10.96.1.8", 80],
      [node, "10.96.1.8", 80],
      [outside, "192.0.2.1", 30_086],
      // By way of the Service to itself.
      [pods[1]!, "10.96.1.8", 80],
    ] as const)
      expect(await space.request({ ...ask, address, port: number })).toEqual(["sctp"])
    expect(await pods[0]!.request({ ...ask, address: "10.96.1.8", port: 81, timeoutMs: 300 })).toEqual([
      "error: timeout",
    ])
  })

  it("forgets UDP flows to endpoints that are gone", async () => {
    const spec: Partial<ServiceSpec> = {
      clusterIP: "10.96.1.6",
      ports: [{ port: 53, targetPort: 5353, protocol: "UDP" }],
    }
    const ports = [{ port: 5353, protocol: "UDP" as const }]
    await apply("udp", spec, [endpoints[1]!], ports)
    const target = { protocol: "udp" as const, address: "10.96.1.6", port: 53 }
    expect(names(await pods[0]!.request(target))).toEqual(["pod-1"])
    await node.commands.run("conntrack", ["-L", "-p", "udp"])
    await apply("udp", spec, [endpoints[2]!], ports)
    expect(await node.commands.run("conntrack", ["-L", "-p", "udp", "--reply-src", podAddresses[1]!])).toBe(
      "",
    )
    expect(names(await pods[0]!.request(target))).toEqual(["pod-2"])
  })

  it("goes on with established connections and fails none while endpoints come and go", async () => {
    const spec: Partial<ServiceSpec> = { clusterIP: "10.96.1.7" }
    await apply("rolling", spec, endpoints)
    const load = pods[0]!.request({ address: "10.96.1.7", port: 80, times: 1500 })
    for (let step = 0; step < 12; step++)
      await apply(
        "rolling",
        spec,
        endpoints.filter((_, index) => index !== step % 3),
      )
    const answers = await load
    expect(answers.filter((answer) => answer.startsWith("error"))).toEqual([])
    expect(answers).toHaveLength(1500)
  })

  it("does for IPv6 what it does for IPv4", async () => {
    for (const [index, pod] of pods.entries())
      await routePod(
        node,
        pod,
        `fd00:244::${index + 2}`,
        "fd00:244::1",
        `corpod${podAddresses[index]!.replaceAll(".", "").slice(-8)}`,
      )
    await Promise.all(
      pods.map((pod, index) => pod.serve({ answer: `pod-${index}`, tcp: [8086], address: "::" })),
    )
    const six = pods.map((_, index) => ({ address: `fd00:244::${index + 2}`, node: "here" }))
    const web = testService("six", { clusterIPs: ["fd00:96::1"], clusterIP: "fd00:96::1" })
    const plan = planService(web, [testSlice("six", six, [{ port: 8086 }])], { nodeName: "here" })!
    const sticky = planService(
      testService("sticky-six", {
        clusterIPs: ["fd00:96::2"],
        clusterIP: "fd00:96::2",
        sessionAffinity: "ClientIP",
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 2 } },
      }),
      [testSlice("sticky-six", six, [{ port: 8086 }])],
      { nodeName: "here" },
    )!
    const rules = new Ruleset(
      { prefix: "corsix", podNetworks: ["fd00:244::/56"], serviceNetworks: ["fd00:96::/112"] },
      [6],
    )
    const all = new Map([
      ["six", elementsOf(plan)],
      ["sticky-six", elementsOf(sticky)],
    ])
    await node.commands.run("nft", ["-f", "-"], rules.planAll(all))
    await node.commands.run("ip", ["-6", "route", "add", "default", "dev", "eth0"])
    const target = { address: "fd00:96::1", port: 80, times: 40 }
    const answers = await pods[0]!.request(target)
    expect(nameSet(answers)).toEqual(["pod-0", "pod-1", "pod-2"])
    expect(answers).toContain("pod-1 fd00:244::2")
    expect(nameSet(await node.request(target))).toEqual(["pod-0", "pod-1", "pod-2"])
    await expectClientsForgotten({ address: "fd00:96::2", port: 80 }, 2)
    expect(await pods[0]!.request({ address: "fd00:96::1", port: 81, timeoutMs: 5000 })).toEqual([
      "error: ECONNREFUSED",
    ])
    await node.commands.run("nft", ["delete", "table", "ip6", "corsix-services"])
  })

  it("makes its rules again when somebody flushed them, and leaves nothing behind", async () => {
    await node.commands.run("nft", ["flush", "ruleset"])
    await apply("web", { clusterIP: "10.96.1.1" }, [endpoints[1]!])
    expect(nameSet(await pods[0]!.request({ address: "10.96.1.1", port: 80 }))).toEqual(["pod-1"])
    expect(nameSet(await pods[0]!.request({ address: "10.96.1.2", port: 80 }))).not.toContain(
      "error: timeout",
    )
    stop.abort()
    await running
    await proxy.cleanUp()
    expect(await node.commands.run("nft", ["list", "tables"])).toBe("")
  })
})
