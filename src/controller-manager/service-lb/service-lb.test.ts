import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { Node } from "../../api/core/v1/node.ts"
import { Service } from "../../api/core/v1/service.ts"
import type { Draft } from "../../apimachinery/meta.ts"
import { formatTime } from "../../apimachinery/time.ts"
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts"
import { serviceLoadBalancerController } from "./service-lb.ts"

let cluster: TestCluster
beforeEach(async () => {
  cluster = await startTestCluster([serviceLoadBalancerController])
  await addNode("a", "10.0.0.1")
  await addNode("b", "10.0.0.2")
})
afterEach(() => cluster.stop())

async function addNode(name: string, address: string) {
  await cluster.client.create(Node, { metadata: { name } })
  await setReady(name, "True", address)
}

async function setReady(name: string, status: string, address?: string) {
  const now = formatTime(cluster.clock.now())
  const node = await cluster.client.get(Node, { name })
  const conditions = [{ type: "Ready", status, lastHeartbeatTime: now, lastTransitionTime: now }]
  const addresses = address ? [{ type: "InternalIP", address }] : (node.status.addresses ?? [])
  await cluster.client.updateStatus(Node, { ...node, status: { ...node.status, conditions, addresses } })
  await cluster.advance(100)
}

async function create(name: string, spec: Draft<Service["spec"]> = {}) {
  await cluster.client.create(Service, {
    metadata: { namespace: "default", name },
    spec: { type: "LoadBalancer", selector: { app: name }, ports: [{ port: 80 }], ...spec },
  })
  await cluster.advance(1000)
}

async function addresses(name: string) {
  const { status } = await cluster.client.get(Service, { namespace: "default", name })
  return status.loadBalancer.ingress?.map(({ ip }) => ip)
}

describe("Service load balancer", () => {
  it("gives the addresses of all nodes that serve", async () => {
    await create("web")
    expect(await addresses("web")).toEqual(["10.0.0.1", "10.0.0.2"])
    expect(await cluster.events({ kind: "Service" })).toEqual([
      "Normal EnsuringLoadBalancer Ensuring load balancer",
      "Normal EnsuredLoadBalancer Ensured load balancer",
    ])
    await setReady("a", "False")
    expect(await addresses("web")).toEqual(["10.0.0.2"])
    const exclude = { "node.kubernetes.io/exclude-from-external-load-balancers": "" }
    await setReady("a", "True")
    await cluster.edit(
      Node,
      { name: "b" },
      ({ metadata }) => (metadata.labels = { ...metadata.labels, ...exclude }),
    )
    await cluster.advance(100)
    expect(await addresses("web")).toEqual(["10.0.0.1"])
  })

  it("never gives a port of an address twice, the older Service has it", async () => {
    await create("first")
    await create("second")
    await create("third", { ports: [{ port: 443 }] })
    expect(await addresses("second")).toBeUndefined()
    expect(await addresses("third")).toEqual(["10.0.0.1", "10.0.0.2"])
    expect(await cluster.events({ kind: "Service" })).toContain(
      "Warning SyncLoadBalancerFailed Error syncing load balancer: 10.0.0.1:80/TCP is used by default/first",
    )
    await cluster.client.delete(Service, { namespace: "default", name: "first" })
    await cluster.advance(100)
    expect(await addresses("second")).toEqual(["10.0.0.1", "10.0.0.2"])
  })

  it("holds a Service until its addresses are taken back", async () => {
    const held = async () =>
      (await cluster.client.get(Service, { namespace: "default", name: "web" })).metadata.finalizers
    await create("web")
    expect(await held()).toEqual(["service.kubernetes.io/load-balancer-cleanup"])
    const edit = (type: "NodePort" | "LoadBalancer") =>
      cluster.edit(Service, { namespace: "default", name: "web" }, ({ spec }) => (spec.type = type))
    await edit("NodePort")
    await cluster.advance(100)
    expect(await held()).toBeUndefined()
    expect(await cluster.events({ kind: "Service" })).toEqual([
      "Normal EnsuringLoadBalancer Ensuring load balancer",
      "Normal EnsuredLoadBalancer Ensured load balancer",
      "Normal DeletingLoadBalancer Deleting load balancer",
      "Normal DeletedLoadBalancer Deleted load balancer",
    ])
    await edit("LoadBalancer")
    await cluster.advance(100)
    expect(await addresses("web")).toEqual(["10.0.0.1", "10.0.0.2"])
    await cluster.client.delete(Service, { namespace: "default", name: "web" })
    await cluster.advance(100)
    await expect(held()).rejects.toThrow('services "web" not found')
  })

  it("leaves a Service alone that names another balancer, and takes back what is not needed", async () => {
    await create("other", { loadBalancerClass: "example.com/balancer" })
    expect(await addresses("other")).toBeUndefined()
    await create("web")
    await cluster.edit(
      Service,
      { namespace: "default", name: "web" },
      ({ spec }) => (spec.type = "ClusterIP"),
    )
    await cluster.advance(100)
    expect(await addresses("web")).toBeUndefined()
  })
})
