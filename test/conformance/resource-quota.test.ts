import { expect } from "vitest"
import { type Api, conformance, eventually, type Json, useCluster } from "./harness.ts"

useCluster()

const counted = {
  pods: "5",
  services: "10",
  "services.nodeports": "1",
  "services.loadbalancers": "1",
  replicationcontrollers: "10",
  resourcequotas: "1",
  configmaps: "10",
  secrets: "10",
  cpu: "1",
  memory: "500Mi",
  persistentvolumeclaims: "10",
  "requests.storage": "10Gi",
  "requests.ephemeral-storage": "50Gi",
  "count/replicasets.apps": "5",
  "requests.example.com/dongle": "3",
}

async function createQuota(api: Api, namespace: string, name: string, spec: Json): Promise<void> {
  await api.create(`/api/v1/namespaces/${namespace}/resourcequotas`, { metadata: { name }, spec })
  await eventually(async () => {
    const { status } = await api.get(`/api/v1/namespaces/${namespace}/resourcequotas/${name}`)
    return status.hard !== undefined && status.used !== undefined
  }, "the quota's use is known")
}

async function used(api: Api, namespace: string, name = "test-quota"): Promise<Json> {
  return (await api.get(`/api/v1/namespaces/${namespace}/resourcequotas/${name}`))["status"].used
}

/** Waits until the quota says that so much is used. */
async function becomes(api: Api, namespace: string, expected: Json, name = "test-quota"): Promise<void> {
  let last: Json = {}
  await eventually(
    async () => {
      last = await used(api, namespace, name)
      return Object.entries(expected).every(([resource, amount]) => last[resource] === amount)
    },
    `${name} has used ${JSON.stringify(expected)}, not ${JSON.stringify(last)}`,
  )
}

const podOf = (name: string, requests: Json, more: Json = {}) => ({
  metadata: { name },
  spec: {
    // It must count, not run.
    nodeSelector: { "x-test.k8s.io/unsatisfiable": "not-schedulable" },
    containers: [
      {
        name: "pause",
        image: "registry.k8s.io/pause:3.10",
        resources: { requests, ...(requests["example.com/dongle"] && { limits: pick(requests) }) },
      },
    ],
    ...more,
  },
})

/** Extended resources are limited to what is requested. */
function pick(requests: Json): Json {
  return { "example.com/dongle": requests["example.com/dongle"] }
}

conformance(
  "[sig-api-machinery] ResourceQuota should create a ResourceQuota and ensure its status is promptly calculated. [Conformance]",
  async ({ api, namespace }) => {
    await createQuota(api, namespace, "test-quota", { hard: counted })
    await becomes(api, namespace, { resourcequotas: "1" })
    const { status } = await api.get(`/api/v1/namespaces/${namespace}/resourcequotas/test-quota`)
    expect(status.hard).toEqual(counted)
  },
)

/** Goes up by one with a new object of the kind and down again with it. */
function counts(kind: string, resource: string, path: (namespace: string) => string, object: Json): void {
  conformance(
    `[sig-api-machinery] ResourceQuota should create a ResourceQuota and capture the life of a ${kind}. [Conformance]`,
    async ({ api, namespace }) => {
      await createQuota(api, namespace, "test-quota", { hard: counted })
      // The namespace has things of its own, and they come a moment after it.
      if (kind === "configMap") await becomes(api, namespace, { [resource]: "1" })
      const before = Number((await used(api, namespace))[resource])
      await api.create(path(namespace), object)
      await becomes(api, namespace, { [resource]: String(before + 1) })
      await api.delete(`${path(namespace)}/${object["metadata"].name}`, {
        body: { propagationPolicy: "Background" },
      })
      await becomes(api, namespace, { [resource]: String(before) })
    },
  )
}

const selector = { name: "test" }
const template = {
  metadata: { labels: selector },
  spec: { containers: [{ name: "pause", image: "registry.k8s.io/pause:3.10" }] },
}

counts("configMap", "configmaps", (namespace) => `/api/v1/namespaces/${namespace}/configmaps`, {
  metadata: { name: "test-configmap" },
  data: { a: "b" },
})
counts("secret", "secrets", (namespace) => `/api/v1/namespaces/${namespace}/secrets`, {
  metadata: { name: "test-secret" },
  data: { "data-1": "dmFsdWUtMQ==" },
})
counts(
  "replication controller",
  "replicationcontrollers",
  (namespace) => `/api/v1/namespaces/${namespace}/replicationcontrollers`,
  { metadata: { name: "test-rc" }, spec: { replicas: 0, selector, template } },
)
counts(
  "replica set",
  "count/replicasets.apps",
  (namespace) => `/apis/apps/v1/namespaces/${namespace}/replicasets`,
  { metadata: { name: "test-rs" }, spec: { replicas: 0, selector: { matchLabels: selector }, template } },
)

conformance(
  "[sig-api-machinery] ResourceQuota should create a ResourceQuota and capture the life of a service. [Conformance]",
  async ({ api, namespace }) => {
    const services = `/api/v1/namespaces/${namespace}/services`
    const service = (name: string, type: string) => ({
      metadata: { name },
      spec: {
        type,
        ports: [{ port: 80 }],
        ...(type === "LoadBalancer" && { allocateLoadBalancerNodePorts: false }),
      },
    })
    await createQuota(api, namespace, "test-quota", { hard: counted })
    await api.create(services, service("test-service", "ClusterIP"))
    await api.create(services, service("test-service-np", "NodePort"))
    const over = await api.send("POST", services, { body: service("test-service-lb", "NodePort") })
    expect(over.status).toBe(403)
    expect(over.body["message"]).toContain("exceeded quota: test-quota, requested: services.nodeports=1")
    await becomes(api, namespace, { services: "2", "services.nodeports": "1", "services.loadbalancers": "0" })
    await api.delete(`${services}/test-service`)
    await api.delete(`${services}/test-service-np`)
    await becomes(api, namespace, { services: "0", "services.nodeports": "0", "services.loadbalancers": "0" })
  },
)

conformance(
  "[sig-api-machinery] ResourceQuota should create a ResourceQuota and capture the life of a pod. [Conformance]",
  async ({ api, namespace }) => {
    const pods = `/api/v1/namespaces/${namespace}/pods`
    await createQuota(api, namespace, "test-quota", { hard: counted })
    const requests = {
      cpu: "500m",
      memory: "252Mi",
      "ephemeral-storage": "30Gi",
      "example.com/dongle": "2",
    }
    const made = await eventually(async () => {
      const answer = await api.send("POST", pods, { body: podOf("test-pod", requests) })
      return answer.status === 201 && answer.body
    }, "the pod is created")
    const all = {
      pods: "1",
      cpu: "500m",
      memory: "252Mi",
      "requests.ephemeral-storage": "30Gi",
      "requests.example.com/dongle": "2",
    }
    await becomes(api, namespace, all)
    for (const [name, more] of [
      ["fail-pod", { cpu: "600m", memory: "100Mi", "ephemeral-storage": "1Gi" }],
      [
        "fail-pod-for-extended-resource",
        { cpu: "500m", memory: "100Mi", "ephemeral-storage": "1Gi", "example.com/dongle": "2" },
      ],
    ] as const) {
      const refused = await api.send("POST", pods, { body: podOf(name, more) })
      expect(refused.status).toBe(403)
      expect(refused.body["message"]).toContain("exceeded quota: test-quota")
    }
    // The scheduler may have written to the pod meanwhile: whatever its version, its requests stay.
    delete made["metadata"].resourceVersion
    made["spec"].containers[0].resources.requests.cpu = "100m"
    expect((await api.send("PUT", `${pods}/test-pod`, { body: made })).status).toBe(422)
    await becomes(api, namespace, all)
    await api.delete(`${pods}/test-pod`, { body: { gracePeriodSeconds: 0 } })
    await becomes(api, namespace, {
      pods: "0",
      cpu: "0",
      memory: "0",
      "requests.ephemeral-storage": "0",
      "requests.example.com/dongle": "0",
    })
  },
)

conformance(
  "[sig-api-machinery] ResourceQuota should be able to update and delete ResourceQuota. [Conformance]",
  async ({ api, namespace }) => {
    const quotas = `/api/v1/namespaces/${namespace}/resourcequotas`
    const made = await api.create(quotas, {
      metadata: { name: "test-quota" },
      spec: { hard: { cpu: "1", memory: "500Mi" } },
    })
    expect(made["spec"].hard).toEqual({ cpu: "1", memory: "500Mi" })
    await eventually(async () => {
      const current = await api.get(`${quotas}/test-quota`)
      current["spec"].hard = { cpu: "2", memory: "1Gi" }
      return (await api.send("PUT", `${quotas}/test-quota`, { body: current })).status === 200
    }, "it can be updated")
    expect((await api.get(`${quotas}/test-quota`))["spec"].hard).toEqual({ cpu: "2", memory: "1Gi" })
    await api.delete(`${quotas}/test-quota`)
    expect((await api.send("GET", `${quotas}/test-quota`)).status).toBe(404)
  },
)

conformance(
  "[sig-api-machinery] ResourceQuota should apply changes to a resourcequota status [Conformance]",
  async ({ api, namespace }) => {
    const path = `/api/v1/namespaces/${namespace}/resourcequotas/e2e-rq-status`
    await createQuota(api, namespace, "e2e-rq-status", { hard: { cpu: "500m", memory: "500Mi" } })
    const hardBecomes = (expected: Json) =>
      eventually(
        async () => {
          const { status } = await api.get(path)
          return Object.entries(expected).every(([resource, amount]) => status.hard?.[resource] === amount)
        },
        `the status has ${JSON.stringify(expected)}`,
      )
    await hardBecomes({ cpu: "500m", memory: "500Mi" })
    const updated = await eventually(async () => {
      const current = await api.get(path)
      current["status"].hard = { cpu: "600m", memory: "600Mi" }
      const answer = await api.send("PUT", `${path}/status`, { body: current })
      return answer.status === 200 && answer.body
    }, "the status can be updated")
    expect(updated["status"].hard).toEqual({ cpu: "600m", memory: "600Mi" })
    await api.patch(path, { spec: { hard: { cpu: "1", memory: "1Gi" } } })
    await hardBecomes({ cpu: "1", memory: "1Gi" })
    const patched = await api.patch(`${path}/status`, {
      spec: { hard: { cpu: "7" } },
      status: { hard: { cpu: "2", memory: "2Gi" } },
    })
    expect(patched["status"].hard).toEqual({ cpu: "2", memory: "2Gi" })
    expect(patched["spec"].hard).toEqual({ cpu: "1", memory: "1Gi" })
  },
)

/** A pod that counts in the first quota alone, and one that counts in the second alone. */
function separates(codename: string, scopes: readonly [string, string], pods: readonly [Json, Json]): void {
  conformance(codename, async ({ api, namespace }) => {
    const names = scopes.map((scope) => `quota-${scope.toLowerCase()}`)
    for (const [index, name] of names.entries())
      await createQuota(api, namespace, name, { hard: { pods: "5" }, scopes: [scopes[index]] })
    for (const [index, pod] of pods.entries()) {
      const url = `/api/v1/namespaces/${namespace}/pods`
      await eventually(
        async () => (await api.send("POST", url, { body: pod })).status === 201,
        "the pod is there",
      )
      await becomes(api, namespace, { pods: "1" }, names[index])
      await becomes(api, namespace, { pods: "0" }, names[1 - index])
      await api.delete(`${url}/${pod["metadata"].name}`, { body: { gracePeriodSeconds: 0 } })
      await becomes(api, namespace, { pods: "0" }, names[index])
    }
  })
}

const modest = { cpu: "500m", memory: "200Mi" }
separates(
  "[sig-api-machinery] ResourceQuota should verify ResourceQuota with best effort scope. [Conformance]",
  ["BestEffort", "NotBestEffort"],
  [podOf("best-effort", {}), podOf("burstable", modest)],
)
separates(
  "[sig-api-machinery] ResourceQuota should verify ResourceQuota with terminating scopes. [Conformance]",
  ["NotTerminating", "Terminating"],
  [podOf("long-running", modest), podOf("terminating", modest, { activeDeadlineSeconds: 3600 })],
)
