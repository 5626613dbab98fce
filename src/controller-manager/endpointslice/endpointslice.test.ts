import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { Endpoints } from "../../api/core/v1/endpoints.ts"
import { Node } from "../../api/core/v1/node.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { Service } from "../../api/core/v1/service.ts"
import { EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts"
import type { Draft } from "../../apimachinery/meta.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import { createEndpointsController } from "../endpoints/endpoints.ts"
import { simulateNodes, type SimulatedNodes } from "../testing/simulated-nodes.ts"
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts"
import { formatMetrics } from "../../base/metrics.ts"
import { createEndpointSliceController } from "./endpointslice.ts"
import { EndpointSliceMetrics } from "./endpointslice-metrics.ts"

let cluster: TestCluster
let nodes: SimulatedNodes
let metrics: EndpointSliceMetrics
beforeEach(async () => {
  metrics = new EndpointSliceMetrics()
  cluster = await startTestCluster([
    createEndpointSliceController({ maxEndpointsPerSlice: 5, metrics }),
    createEndpointsController(),
  ])
  nodes = simulateNodes(cluster, { goneAfterMs: 5000 })
  for (const name of ["node-0", "node-1", "node-2"])
    await cluster.client.create(Node, {
      metadata: { name, labels: { "topology.kubernetes.io/zone": `zone-${name.at(-1)}` } },
    })
})
afterEach(() => cluster.stop())

const key = { namespace: "default", name: "web" }
const labels = { app: "web" }

async function createService(spec: Draft<Service["spec"]> = {}) {
  const ports = [{ name: "http", port: 80, targetPort: "http" }]
  await cluster.client.create(Service, {
    metadata: { ...key, labels: { team: "a" } },
    spec: { selector: labels, ports, ...spec },
  })
  await cluster.advance(100)
}

async function createPods(count: number, prefix = "web", port = 8080) {
  for (let index = 0; index < count; index++)
    await cluster.client.create(Pod, {
      metadata: { namespace: "default", name: `${prefix}-${index}`, labels },
      spec: { containers: [{ name: "web", image: "web", ports: [{ name: "http", containerPort: port }] }] },
    })
  await cluster.advance(2000)
}

async function slices(): Promise<EndpointSlice[]> {
  return (await cluster.client.list(EndpointSlice, { namespace: "default" })).items
}

const endpoints = () => cluster.client.get(Endpoints, key).catch(ignoreNotFound)

describe("EndpointSlice controller", () => {
  it("counts what it keeps, and what changes", async () => {
    const told = () =>
      Object.fromEntries(
        formatMetrics(metrics.all)
          .split("\n")
          .filter((line) => line.startsWith("endpoint_slice_controller_") && !line.includes("_bucket"))
          .map((line) => line.replace("endpoint_slice_controller_", "").split(" ") as [string, string]),
      )
    await createService({ trafficDistribution: "PreferSameZone" })
    expect(told()).toMatchObject({
      endpoints_desired: "0",
      num_endpoint_slices: "1",
      desired_endpoint_slices: "1",
      'services_count_by_traffic_distribution{traffic_distribution="PreferSameZone"}': "1",
      'changes{operation="create"}': "1",
    })
    await createPods(7)
    expect(told()).toMatchObject({
      endpoints_desired: "7",
      num_endpoint_slices: "2",
      desired_endpoint_slices: "2",
      endpoints_added_per_sync_sum: "7",
      endpoints_removed_per_sync_sum: "0",
      'changes{operation="create"}': "2",
    })
    await cluster.client.delete(Pod, { namespace: "default", name: "web-0" })
    await cluster.advance(10_000)
    expect(told()).toMatchObject({ endpoints_desired: "6", endpoints_removed_per_sync_sum: "1" })
    expect(told()['syncs{result="error"}']).toBeUndefined()
    await cluster.client.delete(Service, key)
    await cluster.advance(1000)
    expect(told()).toMatchObject({ endpoints_desired: "0", num_endpoint_slices: "0" })
  })

  it("says none with one empty slice, and fills that one", async () => {
    await createService()
    const [placeholder] = await slices()
    expect(placeholder!.endpoints ?? []).toEqual([])
    expect(placeholder!.metadata.name).toMatch(/^web-[a-z0-9]{5}$/)
    await createPods(1)
    const [slice, ...others] = await slices()
    expect(others).toEqual([])
    expect(slice!.metadata.uid).toBe(placeholder!.metadata.uid)
  })

  it("tells address, port, state, node and zone of every pod", async () => {
    await createService()
    await createPods(1)
    const [slice] = await slices()
    const pod = await cluster.client.get(Pod, { namespace: "default", name: "web-0" })
    expect(slice).toMatchObject({
      addressType: "IPv4",
      ports: [{ name: "http", port: 8080, protocol: "TCP" }],
      endpoints: [
        {
          addresses: [pod.status.podIP],
          conditions: { ready: true, serving: true, terminating: false },
          targetRef: { kind: "Pod", namespace: "default", name: "web-0", uid: pod.metadata.uid },
          nodeName: "node-0",
          zone: "zone-0",
        },
      ],
    })
    expect(slice!.metadata.labels).toEqual({
      team: "a",
      "kubernetes.io/service-name": "web",
      "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
      ...(slice!.metadata.labels!["service.kubernetes.io/headless"] === "" && {
        "service.kubernetes.io/headless": "",
      }),
    })
    expect(slice!.metadata.ownerReferences).toMatchObject([
      { kind: "Service", name: "web", controller: true },
    ])
    expect(slice!.metadata.annotations).toHaveProperty(["endpoints.kubernetes.io/last-change-trigger-time"])
  })

  it("tells a pod that is ending from one that is ready", async () => {
    await createService()
    await createPods(1)
    await cluster.client.delete(Pod, { namespace: "default", name: "web-0" })
    await cluster.advance(100)
    expect((await slices())[0]!.endpoints[0]!.conditions).toEqual({
      ready: false,
      serving: true,
      terminating: true,
    })
    await cluster.advance(10_000)
    expect((await slices())[0]!.endpoints ?? []).toEqual([])
  })

  it("publishes addresses that are not ready where the Service says so", async () => {
    nodes.isGood = () => false
    await createService({ publishNotReadyAddresses: true })
    await createPods(1)
    const pod = await cluster.client.get(Pod, { namespace: "default", name: "web-0" })
    await cluster.client.updateStatus(Pod, {
      ...pod,
      status: { ...pod.status, podIPs: [{ ip: "10.244.9.9" }] },
    })
    await cluster.advance(100)
    expect((await slices())[0]!.endpoints[0]).toMatchObject({
      addresses: ["10.244.9.9"],
      conditions: { ready: true, serving: false, terminating: false },
    })
  })

  it("spreads over slices, changing as few as it can", async () => {
    await createService()
    await createPods(12)
    const sizes = async () => (await slices()).map(({ endpoints: some }) => some?.length).sort()
    expect(await sizes()).toEqual([2, 5, 5])
    const versions = new Map(
      (await slices()).map((slice) => [slice.metadata.uid, slice.metadata.resourceVersion]),
    )
    await createPods(1, "more")
    const changed = (await slices()).filter(
      (slice) => versions.get(slice.metadata.uid) !== slice.metadata.resourceVersion,
    )
    expect(changed.map(({ endpoints: some }) => some?.length)).toEqual([3])
  })

  it("keeps pods apart whose named port has another number", async () => {
    await createService()
    await createPods(1, "a", 8080)
    await createPods(1, "b", 9090)
    expect((await slices()).map((slice) => slice.ports?.[0]?.port).sort()).toEqual([8080, 9090])
  })

  it("follows the Service's labels, and leaves a Service without selector alone", async () => {
    await createService()
    await cluster.edit(Service, key, ({ metadata }) => (metadata.labels = { team: "b" }))
    await cluster.advance(100)
    expect((await slices())[0]!.metadata.labels).toMatchObject({ team: "b" })

    await cluster.client.create(Service, {
      metadata: { namespace: "default", name: "manual" },
      spec: { ports: [{ port: 80 }] },
    })
    await cluster.advance(100)
    expect(await slices()).toHaveLength(1)
  })

  it("hints at the zone when traffic should stay close", async () => {
    await createService({ trafficDistribution: "PreferClose" })
    await createPods(2)
    expect((await slices())[0]!.endpoints.map(({ hints }) => hints)).toEqual([
      { forZones: [{ name: "zone-0" }] },
      { forZones: [{ name: "zone-1" }] },
    ])
  })
})

describe("Endpoints controller", () => {
  it("keeps the old object in step", async () => {
    await createService()
    expect((await endpoints())!.subsets ?? []).toEqual([])
    nodes.isGood = (pod) => pod.metadata.name !== "web-1"
    await createPods(3)
    const pod = await cluster.client.get(Pod, { namespace: "default", name: "web-1" })
    await cluster.client.updateStatus(Pod, {
      ...pod,
      status: { ...pod.status, podIPs: [{ ip: "10.244.9.9" }] },
    })
    await cluster.advance(100)
    const { subsets, metadata } = (await endpoints())!
    expect(subsets).toHaveLength(1)
    expect(subsets![0]!.addresses?.map((address) => address.targetRef?.name)).toEqual(["web-0", "web-2"])
    expect(subsets![0]!.notReadyAddresses?.map(({ ip }) => ip)).toEqual(["10.244.9.9"])
    expect(subsets![0]!.ports).toEqual([{ name: "http", port: 8080, protocol: "TCP" }])
    expect(metadata.labels).toMatchObject({
      team: "a",
      "endpoints.kubernetes.io/managed-by": "endpoint-controller",
    })
  })

  it("goes with its Service", async () => {
    await createService()
    await cluster.client.delete(Service, key)
    await cluster.advance(100)
    expect(await endpoints()).toBeUndefined()
  })
})
