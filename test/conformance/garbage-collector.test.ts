import { expect } from "vitest"
import { type Api, conformance, eventually, type Json, useCluster } from "./harness.ts"

useCluster()

const template = {
  metadata: { labels: { name: "test" } },
  spec: { containers: [{ name: "nginx", image: "registry.k8s.io/pause:3.10" }] },
}

async function createDeployment(api: Api, namespace: string): Promise<{ path: string; replicaSet: Json }> {
  const root = `/apis/apps/v1/namespaces/${namespace}`
  await api.create(`${root}/deployments`, {
    metadata: { name: "simpletest" },
    spec: { replicas: 2, selector: { matchLabels: { name: "test" } }, template },
  })
  const replicaSet = await eventually(
    async () => (await api.get(`${root}/replicasets`))["items"][0] as Json | undefined,
    "the Deployment has a ReplicaSet",
  )
  await eventually(
    async () => (await api.get(`/api/v1/namespaces/${namespace}/pods`))["items"].length === 2,
    "there are two pods",
  )
  return { path: `${root}/deployments/simpletest`, replicaSet }
}

conformance(
  "[sig-api-machinery] Garbage collector should delete RS created by deployment when not orphaning [Conformance]",
  async ({ api, namespace }) => {
    const { path } = await createDeployment(api, namespace)
    await api.delete(path, { body: { propagationPolicy: "Background" } })
    const sets = `/apis/apps/v1/namespaces/${namespace}/replicasets`
    await eventually(async () => (await api.get(sets))["items"].length === 0, "the ReplicaSet is gone")
    const pods = `/api/v1/namespaces/${namespace}/pods`
    await eventually(async () => (await api.get(pods))["items"].length === 0, "its pods are gone")
  },
)

conformance(
  "[sig-api-machinery] Garbage collector should orphan RS created by deployment when deleteOptions.PropagationPolicy is Orphan [Conformance]",
  async ({ api, namespace }) => {
    const { path, replicaSet } = await createDeployment(api, namespace)
    await api.delete(path, { body: { propagationPolicy: "Orphan" } })
    await eventually(async () => (await api.send("GET", path)).status === 404, "the Deployment is gone")
    const url = `/apis/apps/v1/namespaces/${namespace}/replicasets/${replicaSet["metadata"].name}`
    const left = await api.get(url)
    expect(left["metadata"].uid).toBe(replicaSet["metadata"].uid)
    expect(left["metadata"].ownerReferences).toBeUndefined()
    expect(left["metadata"].deletionTimestamp).toBeUndefined()
  },
)

conformance(
  "[sig-api-machinery] Garbage collector should not be blocked by dependency circle [Conformance]",
  async ({ api, namespace }) => {
    const pods = `/api/v1/namespaces/${namespace}/pods`
    const made = await Promise.all(
      ["pod1", "pod2", "pod3"].map((name) => api.create(pods, { metadata: { name }, spec: template.spec })),
    )
    const ownedBy = (index: number, owner: Json) => {
      const { name, uid } = owner["metadata"]
      const ownerReferences = [
        { apiVersion: "v1", kind: "Pod", name, uid, controller: true, blockOwnerDeletion: true },
      ]
      return api.patch(`${pods}/pod${index}`, { metadata: { ownerReferences } })
    }
    await ownedBy(1, made[2]!)
    await ownedBy(2, made[0]!)
    await ownedBy(3, made[1]!)
    await api.delete(`${pods}/pod1`, { body: { propagationPolicy: "Foreground" } })
    await eventually(async () => (await api.get(pods))["items"].length === 0, "all three are gone")
  },
)
