import { afterEach, beforeEach, expect, test } from "vitest"
import { Service } from "../../api/core/v1/service.ts"
import { IPAddress } from "../../api/networking/v1/ip-address.ts"
import { ServiceCIDR } from "../../api/networking/v1/service-cidr.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts"
import { serviceCidrController } from "./service-cidr.ts"

let cluster: TestCluster
beforeEach(async () => (cluster = await startTestCluster([serviceCidrController])))
afterEach(() => cluster.stop())

const find = (name: string) => cluster.client.get(ServiceCIDR, { name }).catch(ignoreNotFound)
const addresses = async () =>
  (await cluster.client.list(IPAddress)).items.map(({ metadata }) => metadata.name)

async function add(name: string, ...cidrs: string[]): Promise<void> {
  await cluster.client.create(ServiceCIDR, { metadata: { name }, spec: { cidrs } })
  await cluster.advance(1000)
}

async function expose(name: string, clusterIP: string): Promise<void> {
  const spec = { clusterIP, ports: [{ port: 80 }] }
  await cluster.client.create(Service, { metadata: { namespace: "default", name }, spec })
}

test("a network is held and ready once it is there", async () => {
  await add("more", "192.0.2.0/24")
  expect(await find("more")).toMatchObject({
    metadata: { finalizers: ["networking.k8s.io/service-cidr-finalizer"] },
    status: { conditions: [{ type: "Ready", status: "True", message: "Kubernetes Service CIDR is ready" }] },
  })
})

test("Services get addresses of every network, and give them back", async () => {
  await expect(expose("early", "192.0.2.7")).rejects.toThrow("does not match the current range")
  await add("more", "192.0.2.0/24")
  await expose("web", "192.0.2.7")
  expect(await addresses()).toContain("192.0.2.7")
  await cluster.client.delete(Service, { namespace: "default", name: "web" })
  expect(await addresses()).not.toContain("192.0.2.7")
})

test("a network stays while a Service has an address of it alone", async () => {
  await add("more", "192.0.2.0/24")
  await expose("web", "192.0.2.7")
  await cluster.client.delete(ServiceCIDR, { name: "more" })
  await cluster.advance(20_000)
  expect((await find("more"))!.status.conditions).toMatchObject([
    { type: "Ready", status: "False", reason: "Terminating" },
  ])
  await expect(expose("late", "192.0.2.8")).rejects.toThrow("does not match the current range")
  await cluster.client.delete(Service, { namespace: "default", name: "web" })
  await cluster.advance(11_000)
  expect(await find("more")).toBeUndefined()
})

test("a network within another may go at once, but for the grace", async () => {
  await add("outer", "192.0.0.0/16")
  await add("inner", "192.0.2.0/24")
  await expose("web", "192.0.2.7")
  await cluster.client.delete(ServiceCIDR, { name: "inner" })
  await cluster.advance(5000)
  expect(await find("inner")).toBeDefined()
  await cluster.advance(6000)
  expect(await find("inner")).toBeUndefined()
  expect(await addresses()).toContain("192.0.2.7")
})
