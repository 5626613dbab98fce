import { expect } from "vitest"
import { type Api, conformance, eventually, type Json, useCluster } from "./harness.ts"
import { change, gone, readyPods, resting } from "./workloads.ts"

useCluster({ nodes: 2 })

const labels = { foo: "bar" }

async function create(api: Api, namespace: string, spec: Json): Promise<string> {
  const budgets = `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`
  const selector = { matchLabels: labels }
  await api.create(budgets, { metadata: { name: "foo", labels }, spec: { selector, ...spec } })
  return `${budgets}/foo`
}

async function createPods(api: Api, namespace: string, count: number): Promise<Json[]> {
  const pods = `/api/v1/namespaces/${namespace}/pods`
  for (let index = 0; index < count; index++)
    await api.create(pods, { ...resting(labels), metadata: { name: `pod-${index}`, labels } })
  return readyPods(api, pods, count)
}

function allows(api: Api, path: string, count: number): Promise<Json> {
  return eventually(async () => {
    const { status, metadata } = await api.get(path)
    const isSeen = status.observedGeneration === metadata.generation
    return isSeen && (status.disruptionsAllowed ?? 0) === count && status
  }, `${count} disruptions are allowed`)
}

function evict(api: Api, namespace: string, name: string) {
  const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace } }
  return api.send("POST", `/api/v1/namespaces/${namespace}/pods/${name}/eviction`, { body })
}

conformance(
  "[sig-apps] DisruptionController should create a PodDisruptionBudget [Conformance]",
  async ({ api, namespace }) => {
    const path = await create(api, namespace, { minAvailable: "1%" })
    const updated = await change(api, path, ({ spec }) => {
      spec.minAvailable = "2%"
    })
    expect(updated["spec"].minAvailable).toBe("2%")
    const patched = await api.patch(path, { spec: { minAvailable: "3%" } })
    expect(patched["spec"].minAvailable).toBe("3%")
    await api.delete(path)
    await gone(api, path)
  },
)

conformance(
  "[sig-apps] DisruptionController should observe PodDisruptionBudget status updated [Conformance]",
  async ({ api, namespace }) => {
    const path = await create(api, namespace, { minAvailable: 1 })
    await createPods(api, namespace, 3)
    expect(await allows(api, path, 2)).toMatchObject({
      currentHealthy: 3,
      desiredHealthy: 1,
      expectedPods: 3,
    })
  },
)

conformance(
  "[sig-apps] DisruptionController should update/patch PodDisruptionBudget status [Conformance]",
  async ({ api, namespace }) => {
    const path = await create(api, namespace, { minAvailable: 1 })
    await createPods(api, namespace, 1)
    await allows(api, path, 0)
    const disruptedPods = (pods: Json) => ({ status: { disruptedPods: pods } })
    const time = new Date(Math.floor(Date.now() / 1000) * 1000).toISOString().replace(".000Z", "Z")
    const updated = await change(api, `${path}/status`, ({ status }) => {
      status.disruptedPods = { "pod-0": time }
    })
    expect(updated["status"].disruptedPods).toHaveProperty("pod-0")
    const patched = await api.patch(`${path}/status`, disruptedPods({ "pod-0": null }))
    expect(patched["status"].disruptedPods ?? {}).not.toHaveProperty("pod-0")
  },
)

conformance(
  "[sig-apps] DisruptionController should block an eviction until the PDB is updated to allow it [Conformance]",
  async ({ api, namespace }) => {
    const path = await create(api, namespace, { minAvailable: 1 })
    await createPods(api, namespace, 1)
    await allows(api, path, 0)
    const refused = await evict(api, namespace, "pod-0")
    expect(refused.status).toBe(429)
    expect(refused.body["details"].causes[0]).toMatchObject({ reason: "DisruptionBudget" })
    expect(refused.body["message"]).toBe("Cannot evict pod as it would violate the pod's disruption budget.")
    await change(api, path, ({ spec }) => {
      spec.minAvailable = 0
    })
    await allows(api, path, 1)
    expect((await evict(api, namespace, "pod-0")).status).toBe(201)
    await gone(api, `/api/v1/namespaces/${namespace}/pods/pod-0`)

    await api.patch(path, { spec: { minAvailable: null, maxUnavailable: 0 } })
    await createPods(api, namespace, 1)
    await allows(api, path, 0)
    expect((await evict(api, namespace, "pod-0")).status).toBe(429)
    await api.delete(path)
    await gone(api, path)
    await eventually(
      async () => (await evict(api, namespace, "pod-0")).status === 201,
      "without a budget the pod may go",
    )
  },
)
