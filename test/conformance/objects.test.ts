import { expect } from "vitest"
import { type Api, conformance, eventually, type Json, nextEvents, useCluster } from "./harness.ts"

useCluster()

conformance(
  "[sig-network] Services should complete a service status lifecycle [Conformance]",
  async ({ api, namespace }) => {
    const services = `/api/v1/namespaces/${namespace}/services`
    const made = await api.create(services, {
      metadata: { name: "test-service", labels: { "test-service-static": "true" } },
      spec: {
        type: "LoadBalancer",
        loadBalancerClass: "example.com/internal-vip",
        ports: [{ name: "http", protocol: "TCP", port: 80, targetPort: 80 }],
      },
    })
    const watched = nextEvents(api.watch(services, { resourceVersion: made["metadata"].resourceVersion }), 3)
    const status = { loadBalancer: { ingress: [{ ip: "203.0.113.1" }] } }
    const patched = await api.patch(`${services}/test-service/status`, {
      metadata: { annotations: { patchedstatus: "true" } },
      status,
    })
    expect(patched["status"].loadBalancer.ingress[0].ip).toBe("203.0.113.1")
    patched["status"].conditions = [
      {
        type: "StatusUpdate",
        status: "True",
        reason: "E2E",
        message: "Set from e2e test",
        lastTransitionTime: "2026-01-01T00:00:00Z",
      },
    ]
    await api.update(`${services}/test-service/status`, patched)
    await api.patch(`${services}/test-service`, { metadata: { labels: { "test-service": "patched" } } })
    const events = await watched
    expect(events[0]!["object"].metadata.annotations.patchedstatus).toBe("true")
    expect(events[1]!["object"].status.conditions[0].reason).toBe("E2E")
    expect(events[2]!["object"].metadata.labels["test-service"]).toBe("patched")
    await api.delete(`${services}/test-service`)
  },
)

conformance(
  "[sig-network] Services should delete a collection of services [Conformance]",
  async ({ api, namespace }) => {
    const services = `/api/v1/namespaces/${namespace}/services`
    for (const name of ["a", "b", "c"]) {
      const labels = { "e2e-svc-test": name === "a" ? "keep" : namespace }
      await api.create(services, { metadata: { name, labels }, spec: { ports: [{ port: 80 }] } })
    }
    await api.delete(services, { query: { labelSelector: `e2e-svc-test=${namespace}` } })
    const { items } = await api.get(services)
    expect(items.map(({ metadata }: Json) => metadata.name)).toEqual(["a"])
  },
)

conformance(
  "[sig-network] Services should find a service from listing all namespaces [Conformance]",
  async ({ api }) => {
    const { items } = await api.get("/api/v1/services")
    const names = items.map(({ metadata }: Json) => `${metadata.namespace}/${metadata.name}`)
    expect(names.length).toBeGreaterThanOrEqual(0)
    expect((await api.get("/api/v1/namespaces/default"))["metadata"].name).toBe("default")
  },
)

conformance("[sig-node] Lease lease API should be available [Conformance]", async ({ api, namespace }) => {
  const leases = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`
  const spec = {
    holderIdentity: "holder",
    leaseDurationSeconds: 30,
    acquireTime: "2026-01-01T00:00:00.000000Z",
    renewTime: "2026-01-01T00:00:05.000000Z",
    leaseTransitions: 0,
  }
  const made = await api.create(leases, { metadata: { name: "lease" }, spec })
  expect(made["spec"]).toEqual(spec)
  const updated = await api.update(`${leases}/lease`, {
    ...made,
    spec: { ...spec, holderIdentity: "holder2", leaseTransitions: 1 },
  })
  expect(updated["spec"].holderIdentity).toBe("holder2")
  const patched = await api.patch(`${leases}/lease`, { spec: { leaseDurationSeconds: 60 } }, "strategic")
  expect(patched["spec"]).toMatchObject({ holderIdentity: "holder2", leaseDurationSeconds: 60 })
  await api.create(leases, { metadata: { name: "lease2", labels: { deletecollection: "true" } }, spec })
  expect((await api.get(leases))["items"].length).toBe(2)
  await api.delete(leases, { query: { labelSelector: "deletecollection=true" } })
  expect((await api.get(leases))["items"].length).toBe(1)
  await api.delete(`${leases}/lease`)
  expect((await api.send("GET", `${leases}/lease`)).status).toBe(404)
  expect((await api.get("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"))["kind"]).toBe(
    "LeaseList",
  )
})

conformance("[sig-node] Secrets should patch a secret [Conformance]", async ({ api, namespace }) => {
  const secrets = `/api/v1/namespaces/${namespace}/secrets`
  const labels = { testsecret: "true" }
  await api.create(secrets, {
    metadata: { name: "test-secret", labels, annotations: { a: "b" } },
    data: { key: btoa("value") },
    type: "Opaque",
  })
  const listed = await api.get("/api/v1/secrets", { labelSelector: "testsecret=true" })
  expect(listed["items"].some(({ metadata }: Json) => metadata.namespace === namespace)).toBe(true)
  await api.patch(
    `${secrets}/test-secret`,
    { metadata: { labels: { "testsecret-constant": "true" } }, data: { key: btoa("value1") } },
    "strategic",
  )
  const patched = await api.get(`${secrets}/test-secret`)
  expect(atob(patched["data"].key)).toBe("value1")
  await api.delete(secrets, { query: { labelSelector: "testsecret=true" } })
  expect((await api.get(secrets, { labelSelector: "testsecret=true" }))["items"]).toEqual([])
})

conformance(
  "[sig-scheduling] LimitRange should list, patch and delete a LimitRange by collection [Conformance]",
  async ({ api, namespace }) => {
    const ranges = `/api/v1/namespaces/${namespace}/limitranges`
    const labels = { [namespace]: "created" }
    const limits = [
      { type: "Container", max: { cpu: "500m" }, default: { cpu: "300m" }, defaultRequest: { cpu: "100m" } },
    ]
    await api.create(ranges, { metadata: { name: "limits", labels }, spec: { limits } })
    const selecting = { labelSelector: `${namespace}=created` }
    expect((await api.get("/api/v1/limitranges", selecting))["items"].length).toBe(1)
    const patched = await api.patch(`${ranges}/limits`, {
      metadata: { labels: { [namespace]: "patched" } },
      spec: {
        limits: [
          {
            type: "Container",
            max: { cpu: "500m" },
            default: { cpu: "400m" },
            defaultRequest: { cpu: "100m" },
          },
        ],
      },
    })
    expect(patched["spec"].limits[0].default.cpu).toBe("400m")
    await api.delete(ranges, { query: { labelSelector: `${namespace}=patched` } })
    expect((await api.get(ranges))["items"]).toEqual([])
  },
)

conformance(
  "[sig-scheduling] LimitRange should create a LimitRange with defaults and ensure pod has those defaults applied. [Conformance]",
  async ({ api, namespace }) => {
    const limits = [
      {
        type: "Container",
        min: { cpu: "50m", memory: "100Mi" },
        max: { cpu: "500m", memory: "500Mi" },
        default: { cpu: "500m", memory: "500Mi" },
        defaultRequest: { cpu: "100m", memory: "200Mi" },
      },
    ]
    await api.create(`/api/v1/namespaces/${namespace}/limitranges`, {
      metadata: { name: "limits" },
      spec: { limits },
    })
    await serviceAccountReady(api, namespace)
    const create = (name: string, resources: Json) =>
      api.send("POST", `/api/v1/namespaces/${namespace}/pods`, {
        body: {
          metadata: { name },
          spec: { containers: [{ name: "pause", image: "registry.k8s.io/pause:3.10", resources }] },
        },
      })
    const resourcesOf = (answer: { body: Json }) => answer.body["spec"].containers[0].resources
    expect(resourcesOf(await create("defaults", {}))).toEqual({
      limits: { cpu: "500m", memory: "500Mi" },
      requests: { cpu: "100m", memory: "200Mi" },
    })
    const partial = await create("partial", { requests: { memory: "150Mi" }, limits: { cpu: "300m" } })
    expect(resourcesOf(partial)).toEqual({
      limits: { cpu: "300m", memory: "500Mi" },
      requests: { cpu: "300m", memory: "150Mi" },
    })
    expect((await create("small", { requests: { cpu: "10m" } })).status).toBe(403)
    expect((await create("large", { limits: { cpu: "600m" } })).status).toBe(403)
  },
)

conformance(
  "[sig-network] Endpoints should test the lifecycle of an Endpoint [Conformance]",
  async ({ api, namespace }) => {
    const endpoints = `/api/v1/namespaces/${namespace}/endpoints`
    const subset = (ip: string) => [
      { addresses: [{ ip }], ports: [{ name: "http", port: 80, protocol: "TCP" }] },
    ]
    const { resourceVersion } = (await api.get(endpoints))["metadata"]
    const watched = nextEvents(api.watch(endpoints, { resourceVersion }), 4)
    const made = await api.create(endpoints, {
      metadata: { name: "testservice", labels: { "test-endpoint-static": namespace } },
      subsets: subset("10.0.0.24"),
    })
    const everywhere = await api.get("/api/v1/endpoints", {
      labelSelector: `test-endpoint-static=${namespace}`,
    })
    expect(everywhere["items"]).toHaveLength(1)
    await api.update(`${endpoints}/testservice`, {
      ...made,
      metadata: { ...made["metadata"], labels: { ...made["metadata"].labels, "test-service": "updated" } },
    })
    await api.patch(`${endpoints}/testservice`, {
      metadata: { labels: { "test-service": "patched" } },
      subsets: subset("10.0.0.25"),
    })
    const read = await api.get(`${endpoints}/testservice`)
    expect(read["metadata"].labels["test-service"]).toBe("patched")
    expect(read["subsets"]).toEqual(subset("10.0.0.25"))
    await api.delete(endpoints, { query: { labelSelector: `test-endpoint-static=${namespace}` } })
    expect((await watched).map(({ type }) => type)).toEqual(["ADDED", "MODIFIED", "MODIFIED", "DELETED"])
  },
)

async function serviceAccountReady(api: Api, namespace: string): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/default`
  await eventually(async () => (await api.send("GET", path)).status === 200, "the default account is there")
}
