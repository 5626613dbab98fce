import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { Endpoints } from "../../../api/core/v1/endpoints.ts"
import { Service } from "../../../api/core/v1/service.ts"
import { IPAddress } from "../../../api/networking/v1/ip-address.ts"
import type { Draft } from "../../../apimachinery/meta.ts"
import { startTestServer, type TestServer } from "../../testing.ts"

let server: TestServer
beforeEach(async () => {
  server = await startTestServer()
})
afterEach(() => server.stop())

const service = (name: string, spec: Draft<Service["spec"]> = {}): Draft<Service> => ({
  metadata: { namespace: "default", name },
  spec: { ports: [{ port: 80 }], ...spec },
})

describe("cluster addresses", () => {
  test("are given, claimed by an IPAddress, and given back", async () => {
    const { client } = server
    const { spec, metadata } = await client.create(Service, service("web", { selector: { app: "web" } }))
    expect(spec.clusterIP).toMatch(/^10\.(9[6-9]|10\d|11[01])\./)
    expect(spec).toMatchObject({
      type: "ClusterIP",
      clusterIPs: [spec.clusterIP],
      ipFamilies: ["IPv4"],
      ipFamilyPolicy: "SingleStack",
      internalTrafficPolicy: "Cluster",
      sessionAffinity: "None",
      ports: [{ protocol: "TCP", port: 80, targetPort: 80 }],
    })
    const claim = await client.get(IPAddress, { name: spec.clusterIP! })
    expect(claim.spec.parentRef).toMatchObject({ resource: "services", namespace: "default", name: "web" })
    await client.delete(Service, metadata)
    expect((await client.list(IPAddress)).items).toEqual([])
  })

  test("a Service's Endpoints go with it", async () => {
    const { client } = server
    const { metadata } = await client.create(Service, service("web"))
    await client.create(Endpoints, { metadata: { namespace: "default", name: "web" } })
    await client.create(Endpoints, { metadata: { namespace: "default", name: "other" } })
    await client.delete(Service, metadata)
    const { items } = await client.list(Endpoints, { namespace: "default" })
    expect(items.map((each) => each.metadata.name)).toEqual(["other"])
  })

  test("a certain one is given once", async () => {
    const { client } = server
    await client.create(Service, service("dns", { clusterIP: "10.96.0.10" }))
    await expect(client.create(Service, service("other", { clusterIP: "10.96.0.10" }))).rejects.toThrow(
      'Service "other" is invalid: spec.clusterIPs: Invalid value: ["10.96.0.10"]: failed to allocate IP 10.96.0.10: provided IP is already allocated',
    )
    await expect(client.create(Service, service("far", { clusterIP: "1.2.3.4" }))).rejects.toThrow(
      "failed to allocate IP 1.2.3.4: the provided network does not match the current range",
    )
  })

  test("an update that leaves them out keeps them; a change of type gives them back", async () => {
    const { client } = server
    const created = await client.create(Service, service("web"))
    const { clusterIP: _, clusterIPs: __, ...rest } = created.spec
    const kept = await client.update(Service, { ...created, spec: { ...rest, selector: { app: "x" } } })
    expect(kept.spec.clusterIP).toBe(created.spec.clusterIP)
    const external = await client.update(Service, {
      ...kept,
      spec: { ...kept.spec, type: "ExternalName", externalName: "example.com" },
    })
    expect(external.spec.clusterIP).toBeUndefined()
    expect((await client.list(IPAddress)).items).toEqual([])
  })

  test("a headless Service has none", async () => {
    const { spec } = await server.client.create(
      Service,
      service("db", { clusterIP: "None", selector: { app: "db" } }),
    )
    expect(spec.clusterIPs).toEqual(["None"])
    expect((await server.client.list(IPAddress)).items).toEqual([])
  })

  test("many at once are all different", async () => {
    const made = await Promise.all(
      Array.from({ length: 50 }, (_, index) => server.client.create(Service, service(`s${index}`))),
    )
    expect(new Set(made.map(({ spec }) => spec.clusterIP)).size).toBe(50)
  })
})

describe("node ports", () => {
  test("are given from the range and given back on a change of type", async () => {
    const { client } = server
    const created = await client.create(Service, service("web", { type: "NodePort" }))
    const port = created.spec.ports![0]!.nodePort!
    expect(port).toBeGreaterThanOrEqual(30_000)
    expect(port).toBeLessThanOrEqual(32_767)
    expect(created.spec.externalTrafficPolicy).toBe("Cluster")
    await expect(
      client.create(Service, service("b", { type: "NodePort", ports: [{ port: 80, nodePort: port }] })),
    ).rejects.toThrow(`spec.ports[0].nodePort: Invalid value: ${port}: provided port is already allocated`)
    const plain = await client.update(Service, { ...created, spec: { ...created.spec, type: "ClusterIP" } })
    expect(plain.spec.ports![0]!.nodePort).toBeUndefined()
    expect(plain.spec.externalTrafficPolicy).toBeUndefined()
    const again = await client.create(
      Service,
      service("b", { type: "NodePort", ports: [{ port: 80, nodePort: port }] }),
    )
    expect(again.spec.ports![0]!.nodePort).toBe(port)
  })

  test("many at once are all different", async () => {
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        server.client.create(Service, service(`s${index}`, { type: "NodePort" })),
      ),
    )
    expect(new Set(made.map(({ spec }) => spec.ports![0]!.nodePort)).size).toBe(20)
  })

  test("outside of the range none is given", async () => {
    await expect(
      server.client.create(Service, service("b", { type: "NodePort", ports: [{ port: 80, nodePort: 80 }] })),
    ).rejects.toThrow("provided port is not in the valid range. The range of valid ports is 30000-32767")
  })
})
