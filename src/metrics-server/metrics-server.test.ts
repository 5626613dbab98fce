import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { Namespace } from "../api/core/v1/namespace.ts"
import { Node } from "../api/core/v1/node.ts"
import { Pod } from "../api/core/v1/pod.ts"
import { NodeMetrics } from "../api/metrics/v1beta1/node-metrics.ts"
import { PodMetrics } from "../api/metrics/v1beta1/pod-metrics.ts"
import { startTestServer, type TestServer } from "../apiserver/testing.ts"
import { silentLogger } from "../base/log.ts"
import { SimulatedClock } from "../base/simulated/clock.ts"
import { computeUsage } from "./compute-usage.ts"
import { MetricsServer } from "./metrics-server.ts"
import { parseSamples } from "./parse-samples.ts"

describe("samples", () => {
  it("are read from a kubelet's text", () => {
    const text = [
      "# HELP container_cpu_usage_seconds_total [STABLE] Cumulative cpu time",
      'container_cpu_usage_seconds_total{container="web",namespace="shop",pod="web-1"} 4.5 1700000000500',
      'container_memory_working_set_bytes{container="web",namespace="shop",pod="web-1"} 1.048576e+06 1700000000500',
      'container_start_time_seconds{container="web",namespace="shop",pod="web-1"} 1.6999999e+09',
      'container_cpu_usage_seconds_total{container="half",namespace="shop",pod="web-1"} 1',
      "node_cpu_usage_seconds_total 100 1700000000000",
      "node_memory_working_set_bytes 5e+08 1700000000000",
      "resource_scrape_error 0",
    ].join("\n")
    expect(parseSamples(text, 1)).toEqual({
      node: { cpuSeconds: 100, memoryBytes: 5e8, atMs: 1_700_000_000_000 },
      containers: [
        {
          namespace: "shop",
          pod: "web-1",
          container: "web",
          cpuSeconds: 4.5,
          memoryBytes: 1_048_576,
          atMs: 1_700_000_000_500,
          startedAtMs: 1_699_999_900_000,
        },
      ],
    })
  })

  it("make a measure of two looks, or of one and the start", () => {
    const before = { cpuSeconds: 10, memoryBytes: 1, atMs: 100_000 }
    const now = { cpuSeconds: 13, memoryBytes: 64 * 1024 * 1024, atMs: 115_000 }
    expect(computeUsage(now, before)).toMatchObject({
      usage: { cpu: "200m", memory: "64Mi" },
      windowMs: 15_000,
    })
    expect(computeUsage(now, undefined, 105_000)).toMatchObject({ usage: { cpu: "1300m" }, windowMs: 10_000 })
    expect(computeUsage(now, undefined, 106_000)).toBeUndefined()
    expect(computeUsage(now, undefined)).toBeUndefined()
    // It began anew between the looks.
    expect(computeUsage({ ...now, cpuSeconds: 2 }, before, 101_000)).toMatchObject({ windowMs: 14_000 })
    expect(computeUsage({ ...now, cpuSeconds: 2 }, before, 112_000)).toBeUndefined()
  })
})

describe("metrics-server", () => {
  const clock = new SimulatedClock()
  let server: TestServer
  let texts: Record<string, string>
  let stop: AbortController
  let running: Promise<void>

  beforeEach(async () => {
    const metricsServer = new MetricsServer({ clock, log: silentLogger })
    server = await startTestServer({
      clock,
      registersApiServices: true,
      computed: [
        { resource: NodeMetrics, list: () => metricsServer.nodeMetrics() },
        { resource: PodMetrics, list: (namespace) => metricsServer.podMetrics(namespace) },
      ],
    })
    texts = {}
    stop = new AbortController()
    const readNode = async ({ metadata }: Node) => {
      const text = texts[metadata.name]
      if (text === undefined) throw new Error("connection refused")
      return text
    }
    running = metricsServer.run({ cache: server.server.parts.cache, readNode }, stop.signal)
    await server.client.create(Namespace, { metadata: { name: "shop" } })
    for (const name of ["a", "b"])
      await server.client.create(Node, { metadata: { name, labels: { zone: name } } })
    await addPod("web-1", "a", { app: "web" })
    await addPod("job-1", "b", { app: "job" })
  })
  afterEach(async () => {
    stop.abort()
    await running
    await server.stop()
  })

  async function addPod(name: string, nodeName: string, labels: Record<string, string>): Promise<void> {
    const containers = [{ name: "main", image: "x" }]
    const pod = await server.client.create(Pod, {
      metadata: { namespace: "shop", name, labels },
      spec: { nodeName, containers },
    })
    await server.client.updateStatus(Pod, { ...pod, status: { ...pod.status, phase: "Running" } })
  }

  function say(node: string, pod: string, cpuSeconds: number): void {
    const where = `{container="main",namespace="shop",pod="${pod}"}`
    texts[node] = [
      `container_cpu_usage_seconds_total${where} ${cpuSeconds}`,
      `container_memory_working_set_bytes${where} 2097152`,
      `node_cpu_usage_seconds_total ${cpuSeconds * 2}`,
      "node_memory_working_set_bytes 1073741824",
    ].join("\n")
  }

  async function lookTwice(): Promise<void> {
    say("a", "web-1", 10)
    say("b", "job-1", 10)
    await clock.advance(5000)
    say("a", "web-1", 12.5)
    say("b", "job-1", 11)
    await clock.advance(5000)
  }

  it("says nothing before it has looked twice", async () => {
    say("a", "web-1", 10)
    await clock.advance(5000)
    expect((await server.client.list(NodeMetrics)).items).toEqual([])
    await expect(server.client.get(PodMetrics, { namespace: "shop", name: "web-1" })).rejects.toThrow(
      'pods.metrics.k8s.io "shop/web-1" not found',
    )
  })

  it("tells of nodes and pods, by selector and by name", async () => {
    await lookTwice()
    const { items } = await server.client.list(PodMetrics, { namespace: "shop", labelSelector: "app=web" })
    expect(items).toMatchObject([
      {
        metadata: { name: "web-1", namespace: "shop", labels: { app: "web" } },
        window: "5s",
        containers: [{ name: "main", usage: { cpu: "500m", memory: "2Mi" } }],
      },
    ])
    const node = await server.client.get(NodeMetrics, { name: "b" })
    expect(node).toMatchObject({ kind: "NodeMetrics", usage: { cpu: "400m", memory: "1Gi" } })
    expect((await server.client.list(NodeMetrics)).items).toHaveLength(2)
    expect((await server.client.list(PodMetrics)).items).toHaveLength(2)
    expect((await server.client.list(PodMetrics, { namespace: "default" })).items).toEqual([])
  })

  it("tells nothing of a node that does not answer any more, and of pods that have ended", async () => {
    await lookTwice()
    delete texts["a"]
    await clock.advance(15_000)
    expect((await server.client.list(NodeMetrics)).items.map(({ metadata }) => metadata.name)).toEqual(["b"])
    const job = await server.client.get(Pod, { namespace: "shop", name: "job-1" })
    await server.client.updateStatus(Pod, { ...job, status: { ...job.status, phase: "Succeeded" } })
    expect((await server.client.list(PodMetrics)).items).toEqual([])
  })

  it("is discovered, cannot be written, and leaves the name of its APIService to others", async () => {
    const { body } = await server.transport.request({ method: "GET", path: "/apis/metrics.k8s.io/v1beta1" })
    expect(body).toMatchObject({
      resources: [
        { name: "nodes", kind: "NodeMetrics", namespaced: false, verbs: ["get", "list"] },
        { name: "pods", kind: "PodMetrics", namespaced: true, verbs: ["get", "list"] },
      ],
    })
    await expect(server.client.delete(NodeMetrics, { name: "a" })).rejects.toThrow()
    const services = await server.transport.request({
      method: "GET",
      path: "/apis/apiregistration.k8s.io/v1/apiservices",
    })
    expect(JSON.stringify(services.body)).not.toContain("metrics.k8s.io")
  })
})
