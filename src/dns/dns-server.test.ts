import { createSocket } from "node:dgram"
import { promises as dns } from "node:dns"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Namespace } from "../api/core/v1/namespace.ts"
import { Service } from "../api/core/v1/service.ts"
import { EndpointSlice } from "../api/discovery/v1/endpoint-slice.ts"
import { startTestServer, type TestServer } from "../apiserver/testing.ts"
import { silentLogger } from "../base/log.ts"
import { realClock } from "../base/real/clock.ts"
import { realRandom } from "../base/real/random.ts"
import { createInformers } from "../client/informers.ts"
import { ensureClusterDns } from "./cluster-dns-objects.ts"
import { createDnsServer, type DnsServer } from "./create-dns-server.ts"
import { encodeQuery } from "./wire/encode-query.ts"

describe("DNS server", () => {
  let api: TestServer
  let outside: DnsServer
  let server: DnsServer
  let resolver: dns.Resolver
  const stop = new AbortController()

  /** One server answers for the cluster; another, for "outside.test", is what it forwards to. */
  async function start(clusterDomain: string, upstreams: string[], upstreamPort: number): Promise<DnsServer> {
    const informers = createInformers({
      client: api.client,
      clock: realClock,
      random: realRandom,
      log: silentLogger,
    })
    const created = createDnsServer({
      informers,
      clusterDomain,
      port: 0,
      upstreams: { list: async () => upstreams },
      upstreamPort,
      clock: realClock,
      random: realRandom,
      log: silentLogger,
    })
    informers.start(stop.signal)
    await created.listen(["127.0.0.1"])
    await created.ready
    return created
  }

  beforeAll(async () => {
    api = await startTestServer()
    await api.client.create(Namespace, { metadata: { name: "default" } }).catch(() => {})
    await api.client.create(Namespace, { metadata: { name: "kube-system" } }).catch(() => {})
    const service = (name: string, spec: object) =>
      api.client.create(Service, { metadata: { namespace: "default", name }, spec })
    await service("web", { clusterIP: "10.96.0.20", ports: [{ port: 80 }] })
    await service("many", { clusterIP: "None", ports: [{ port: 80 }] })
    await service("alias", { type: "ExternalName", externalName: "web.default.svc.outside.test" })
    await service("inner", { type: "ExternalName", externalName: "web.default.svc.cluster.local" })
    await api.client.create(EndpointSlice, {
      metadata: { namespace: "default", name: "many-1", labels: { "kubernetes.io/service-name": "many" } },
      addressType: "IPv4",
      endpoints: Array.from({ length: 100 }, (_, index) => ({
        addresses: [`10.244.1.${index + 1}`],
        conditions: {},
      })),
      ports: [{ name: "", port: 8080, protocol: "TCP" }],
    })
    outside = await start("outside.test", [], 0)
    server = await start("cluster.local", ["127.0.0.9", "127.0.0.1"], outside.ports[0]!)
    resolver = new dns.Resolver({ timeout: 5000, tries: 1 })
    resolver.setServers([`127.0.0.1:${server.ports[0]}`])
  })

  afterAll(async () => {
    stop.abort()
    await server.close()
    await outside.close()
    await api.stop()
  })

  it("answers names of the cluster", async () => {
    expect(await resolver.resolve4("web.default.svc.cluster.local", { ttl: true })).toEqual([
      { address: "10.96.0.20", ttl: 30 },
    ])
    expect(await resolver.reverse("10.96.0.20")).toEqual(["web.default.svc.cluster.local"])
    await expect(resolver.resolve4("nobody.default.svc.cluster.local")).rejects.toMatchObject({
      code: "ENOTFOUND",
    })
    await expect(resolver.resolve6("web.default.svc.cluster.local")).rejects.toMatchObject({
      code: "ENODATA",
    })
    expect(await resolver.resolveSrv("web.default.svc.cluster.local")).toEqual([
      { name: "web.default.svc.cluster.local", port: 80, priority: 0, weight: 100 },
    ])
  })

  it("gives long answers by TCP, and each address its turn to be first", async () => {
    const first = await resolver.resolve4("many.default.svc.cluster.local")
    expect(new Set(first).size).toBe(100)
    const second = await resolver.resolve4("many.default.svc.cluster.local")
    expect(second[0]).not.toBe(first[0])
  })

  it("asks others for other names, the next server when one is silent, and remembers the answer", async () => {
    expect(await resolver.resolve4("web.default.svc.outside.test")).toEqual(["10.96.0.20"])
    await expect(resolver.resolve4("nobody.default.svc.outside.test")).rejects.toMatchObject({
      code: "ENOTFOUND",
    })
    const asked = () => Number(/cache_misses_total (\d+)/.exec(server.metrics())?.[1])
    const before = asked()
    expect(await resolver.resolve4("WEB.default.svc.outside.test")).toEqual(["10.96.0.20"])
    await expect(resolver.resolve4("nobody.default.svc.outside.test")).rejects.toMatchObject({
      code: "ENOTFOUND",
    })
    expect(asked()).toBe(before)
    expect(new Set(await resolver.resolve4("many.default.svc.outside.test")).size).toBe(100)
  })

  it("follows aliases to their end, inside and outside", async () => {
    expect(await resolver.resolve4("alias.default.svc.cluster.local")).toEqual(["10.96.0.20"])
    expect(await resolver.resolve4("inner.default.svc.cluster.local")).toEqual(["10.96.0.20"])
    expect(await resolver.resolveCname("alias.default.svc.cluster.local")).toEqual([
      "web.default.svc.outside.test",
    ])
  })

  it("sees a Service as soon as it is there", async () => {
    await expect(resolver.resolve4("new.default.svc.cluster.local")).rejects.toMatchObject({
      code: "ENOTFOUND",
    })
    await api.client.create(Service, {
      metadata: { namespace: "default", name: "new" },
      spec: { clusterIP: "10.96.0.30", ports: [{ port: 80 }] },
    })
    await expect
      .poll(() => resolver.resolve4("new.default.svc.cluster.local").catch(() => []))
      .toEqual(["10.96.0.30"])
  })

  it("is known by the Service and endpoints that people look for", async () => {
    const nodes = [{ name: "node-1", address: "10.244.0.1", isReady: true }]
    const options = { clusterIPs: ["10.96.0.10"], nodes }
    await ensureClusterDns(api.client, options)
    await ensureClusterDns(api.client, options)
    expect(await api.client.get(Service, { namespace: "kube-system", name: "kube-dns" })).toMatchObject({
      spec: {
        clusterIP: "10.96.0.10",
        ports: [
          { port: 53, protocol: "UDP" },
          { port: 53, protocol: "TCP" },
          { port: 9153, protocol: "TCP" },
        ],
      },
    })
    expect(
      await api.client.get(EndpointSlice, { namespace: "kube-system", name: "kube-dns-ipv4" }),
    ).toMatchObject({
      endpoints: [{ addresses: ["10.244.0.1"], nodeName: "node-1" }],
    })
    await expect
      .poll(() => resolver.resolve4("kube-dns.kube-system.svc.cluster.local").catch(() => []))
      .toEqual(["10.96.0.10"])
  })

  it("counts under CoreDNS' names", async () => {
    await resolver.resolve4("web.default.svc.cluster.local")
    await resolver.resolve4("nobody.default.svc.cluster.local").catch(() => {})
    const text = server.metrics()
    for (const line of [
      /coredns_dns_requests_total\{server="dns:\/\/:53",zone="\.",view="",proto="udp",family="1",type="A"\} \d/,
      /coredns_dns_requests_total\{.*proto="tcp",family="1",type="A"\} \d/,
      /coredns_dns_responses_total\{.*rcode="NOERROR",plugin="kubernetes"\} \d/,
      /coredns_dns_responses_total\{.*rcode="NXDOMAIN",plugin="kubernetes"\} \d/,
      /coredns_dns_responses_total\{.*rcode="NOERROR",plugin="forward"\} \d/,
      /coredns_dns_responses_total\{.*rcode="NXDOMAIN",plugin="cache"\} \d/,
    ])
      expect(text).toMatch(line)
  })

  it("answers noise with an error or not at all, and goes on", async () => {
    const socket = createSocket("udp4")
    const answers: Buffer[] = []
    socket.on("message", (message) => answers.push(message))
    const send = (message: Buffer) => socket.send(message, server.ports[0], "127.0.0.1")
    send(Buffer.from("noise"))
    const { message } = encodeQuery("web.default.svc.cluster.local", 1)
    send(message.subarray(0, 20))
    send(message)
    await expect.poll(() => answers.length).toBe(2)
    expect(answers.map((answer) => answer[3]! & 15).sort((a, b) => a - b)).toEqual([0, 1])
    socket.close()
  })
})
