import { afterEach, beforeEach, expect, it } from "vitest"
import { Endpoints, type EndpointSubset } from "../../api/core/v1/endpoints.ts"
import { Event } from "../../api/core/v1/event.ts"
import { Service } from "../../api/core/v1/service.ts"
import { EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts"
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts"
import { endpointSliceMirroringController } from "./endpointslice-mirroring.ts"
import { repackSubsets } from "./repack-subsets.ts"

let cluster: TestCluster
beforeEach(async () => {
  cluster = await startTestCluster([endpointSliceMirroringController])
})
afterEach(() => cluster.stop())

const key = { namespace: "default", name: "outside" }
const port = (number: number, name = "http") => ({ name, port: number, protocol: "TCP" as const })

async function mirror(subsets: EndpointSubset[], labels: Record<string, string> = {}) {
  await cluster.client.create(Service, { metadata: key, spec: { ports: [{ name: "http", port: 80 }] } })
  await cluster.client.create(Endpoints, { metadata: { ...key, labels, annotations: { a: "b" } }, subsets })
  await cluster.advance(100)
}
const slices = async () => (await cluster.client.list(EndpointSlice, { namespace: "default" })).items

it("tells the Endpoints of a Service without selector, changes them, and takes them away", async () => {
  await mirror([
    { addresses: [{ ip: "10.1.2.3" }], notReadyAddresses: [{ ip: "fd00::1" }], ports: [port(80)] },
  ])
  const [first, second, ...more] = (await slices()).sort((a, b) => (a.addressType < b.addressType ? -1 : 1))
  expect(more).toEqual([])
  expect(first).toMatchObject({
    addressType: "IPv4",
    metadata: {
      labels: {
        "kubernetes.io/service-name": "outside",
        "endpointslice.kubernetes.io/managed-by": "endpointslicemirroring-controller.k8s.io",
      },
      annotations: { a: "b" },
      ownerReferences: [{ kind: "Endpoints", name: "outside", controller: true }],
    },
    endpoints: [{ addresses: ["10.1.2.3"], conditions: { ready: true } }],
    ports: [{ name: "http", port: 80, protocol: "TCP" }],
  })
  expect(second).toMatchObject({ addressType: "IPv6", endpoints: [{ conditions: { ready: false } }] })

  await cluster.edit(Endpoints, key, (draft) => {
    draft.subsets = [{ addresses: [{ ip: "10.2.3.4" }], ports: [port(81)] }]
  })
  await cluster.advance(100)
  const [changed, ...others] = await slices()
  expect(others).toEqual([])
  expect(changed!.metadata.uid).toBe(first!.metadata.uid)
  expect(changed).toMatchObject({ endpoints: [{ addresses: ["10.2.3.4"] }], ports: [{ port: 81 }] })

  await cluster.client.delete(Endpoints, key)
  await cluster.advance(100)
  expect(await slices()).toEqual([])
})

it("leaves alone what has a selector or asks for it", async () => {
  await mirror([{ addresses: [{ ip: "10.1.2.3" }], ports: [port(80)] }], {
    "endpointslice.kubernetes.io/skip-mirror": "true",
  })
  expect(await slices()).toEqual([])
  await cluster.edit(Endpoints, key, ({ metadata }) => delete metadata.labels)
  await cluster.advance(100)
  expect(await slices()).toHaveLength(1)
  await cluster.edit(Service, key, ({ spec }) => (spec.selector = { app: "web" }))
  await cluster.advance(100)
  expect(await slices()).toEqual([])
})

it("says what does not fit", async () => {
  const addresses = Array.from({ length: 1003 }, (_, index) => ({ ip: `10.0.${index >> 8}.${index & 255}` }))
  await mirror([{ addresses, ports: [port(80)] }])
  expect((await slices()).map(({ endpoints }) => endpoints.length)).toEqual([1000])
  const { items } = await cluster.client.list(Event)
  expect(items.map(({ message }) => message)).toEqual([
    "A max of 1000 addresses can be mirrored to EndpointSlices per Endpoints subset. 3 addresses were skipped",
  ])
})

it("packs ports together that lead to the same addresses", () => {
  const [a, b] = [{ ip: "10.0.0.1" }, { ip: "10.0.0.2" }]
  const packed = repackSubsets([
    { addresses: [a], notReadyAddresses: [b], ports: [port(80)] },
    { addresses: [a, b], ports: [port(443, "https")] },
    { notReadyAddresses: [b], ports: [port(443, "https")] },
  ])
  expect(packed).toEqual([
    {
      ports: [port(80), port(443, "https")],
      addresses: [
        { address: a, ready: true },
        { address: b, ready: false },
      ],
    },
  ])
})
