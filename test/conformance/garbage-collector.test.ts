import { expect } from "vitest"
import { type Api, conformance, eventually, type Json, useCluster } from "./harness.ts"

useCluster({ nodes: 2 })

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

async function createController(api: Api, namespace: string, name: string, replicas: number): Promise<Json> {
  const path = `/api/v1/namespaces/${namespace}/replicationcontrollers`
  const spec = { replicas, selector: { name: "test" }, template }
  const made = await api.create(path, { metadata: { name }, spec })
  if (replicas > 0)
    await eventually(
      async () => (await listPods(api, namespace)).length === replicas,
      `there are ${replicas} pods`,
    )
  return { ...made, path: `${path}/${name}` }
}

async function listPods(api: Api, namespace: string): Promise<Json[]> {
  return (await api.get(`/api/v1/namespaces/${namespace}/pods`))["items"]
}

conformance(
  "[sig-api-machinery] Garbage collector should delete pods created by rc when not orphaning [Conformance]",
  async ({ api, namespace }) => {
    const { path } = await createController(api, namespace, "simpletest.rc", 2)
    await api.delete(path, { body: { propagationPolicy: "Background" } })
    await eventually(async () => (await listPods(api, namespace)).length === 0, "its pods are gone")
  },
)

conformance(
  "[sig-api-machinery] Garbage collector should orphan pods created by rc if delete options say so [Conformance] [Serial]",
  async ({ api, namespace }) => {
    const { path } = await createController(api, namespace, "simpletest.rc", 10)
    await api.delete(path, { body: { propagationPolicy: "Orphan" } })
    await eventually(async () => (await api.send("GET", path)).status === 404, "the controller is gone")
    const pods = await listPods(api, namespace)
    expect(pods.map(({ metadata }) => metadata.deletionTimestamp)).toEqual(Array(10).fill(undefined))
    expect(pods.map(({ metadata }) => metadata.ownerReferences)).toEqual(Array(10).fill(undefined))
  },
)

conformance(
  "[sig-api-machinery] Garbage collector should keep the rc around until all its pods are deleted if the deleteOptions says so [Conformance] [Serial]",
  async ({ api, namespace }) => {
    const { path } = await createController(api, namespace, "simpletest.rc", 10)
    const { metadata } = await api.get(`/api/v1/namespaces/${namespace}/pods`)
    // A pod that somebody holds on to keeps the controller.
    const [held] = await listPods(api, namespace)
    const heldPath = `/api/v1/namespaces/${namespace}/pods/${held!["metadata"].name}`
    await api.patch(heldPath, { metadata: { finalizers: ["example.com/held"] } })
    await api.delete(path, { body: { propagationPolicy: "Foreground" } })
    await eventually(async () => (await listPods(api, namespace)).length === 1, "the other pods are gone")
    const waiting = await api.get(path)
    expect(waiting["metadata"].deletionTimestamp).toBeDefined()
    expect(waiting["metadata"].finalizers).toEqual(["foregroundDeletion"])
    await api.patch(heldPath, { metadata: { finalizers: null } })
    await eventually(async () => (await api.send("GET", path)).status === 404, "the controller is gone")
    expect(await listPods(api, namespace)).toEqual([])
    expect(metadata.resourceVersion).toBeTruthy()
  },
)

conformance(
  "[sig-api-machinery] Garbage collector should not delete dependents that have both valid owner and owner that's waiting for dependents to be deleted [Conformance] [Serial]",
  async ({ api, namespace }) => {
    const { path } = await createController(api, namespace, "simpletest-rc-to-be-deleted", 10)
    const staying = `/api/v1/namespaces/${namespace}/replicationcontrollers`
    const { metadata } = await api.create(staying, {
      metadata: { name: "simpletest-rc-to-stay" },
      spec: {
        replicas: 0,
        selector: { name: "other" },
        template: { ...template, metadata: { labels: { name: "other" } } },
      },
    })
    const shared = (await listPods(api, namespace)).slice(0, 5).map((pod) => pod["metadata"].name as string)
    const owner = {
      apiVersion: "v1",
      kind: "ReplicationController",
      name: metadata.name,
      uid: metadata.uid,
    }
    for (const name of shared)
      await api.patch(
        `/api/v1/namespaces/${namespace}/pods/${name}`,
        { metadata: { ownerReferences: [owner] } },
        "strategic",
      )
    await api.delete(path, { body: { propagationPolicy: "Foreground" } })
    await eventually(async () => (await api.send("GET", path)).status === 404, "the controller is gone")
    await eventually(async () => (await listPods(api, namespace)).length === 5, "its own pods are gone")
    const left = await listPods(api, namespace)
    expect(left.map((pod) => pod["metadata"].name).sort()).toEqual(shared.sort())
    for (const pod of left) {
      expect(pod["metadata"].deletionTimestamp).toBeUndefined()
      expect(pod["metadata"].ownerReferences.map(({ uid }: Json) => uid)).toEqual([metadata.uid])
    }
  },
)
