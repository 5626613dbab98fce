import { expect } from "vitest"
import { type Api, conformance, eventually, type Json, useCluster } from "./harness.ts"
import { change, gone, listed, operateScale, operateStatus, readyPods, resting } from "./workloads.ts"

useCluster({ nodes: 2 })

const labels = { name: "sample-pod" }

/** Both kinds that keep a number of pods alike. */
const kinds = {
  ReplicaSet: { root: "/apis/apps/v1", plural: "replicasets", selector: { matchLabels: labels } },
  ReplicationController: { root: "/api/v1", plural: "replicationcontrollers", selector: labels },
} as const
type Kind = keyof typeof kinds

function collectionOf(kind: Kind, namespace: string): string {
  const { root, plural } = kinds[kind]
  return `${root}/namespaces/${namespace}/${plural}`
}

const podsOf = (namespace: string) => `/api/v1/namespaces/${namespace}/pods`

async function create(api: Api, kind: Kind, namespace: string, name: string, replicas = 1, own: Json = {}) {
  const { selector } = kinds[kind]
  const collection = collectionOf(kind, namespace)
  const spec = { replicas, selector, template: resting(labels) }
  const made = await api.create(collection, { metadata: { name, labels: { ...labels, ...own } }, spec })
  return { path: `${collection}/${name}`, uid: made["metadata"].uid as string, collection }
}

async function ownersOf(api: Api, pod: string): Promise<string[]> {
  const { metadata } = await api.get(pod)
  return (metadata.ownerReferences ?? []).map(({ uid }: Json) => uid)
}

async function adopts(api: Api, kind: Kind, namespace: string): Promise<void> {
  const pods = podsOf(namespace)
  await api.create(pods, { ...resting(labels), metadata: { name: "orphan", labels } })
  await readyPods(api, pods, 1)
  const { uid } = await create(api, kind, namespace, "adopter")
  await eventually(async () => (await ownersOf(api, `${pods}/orphan`)).includes(uid), "the pod is adopted")
  expect(await listed(api, pods)).toHaveLength(1)
}

async function releases(api: Api, kind: Kind, namespace: string): Promise<void> {
  const pods = podsOf(namespace)
  const { uid } = await create(api, kind, namespace, "releaser")
  const [pod] = await readyPods(api, pods, 1)
  const path = `${pods}/${pod!["metadata"].name}`
  expect(await ownersOf(api, path)).toEqual([uid])
  await api.patch(path, { metadata: { labels: { name: "not-matching" } } })
  await eventually(async () => (await ownersOf(api, path)).length === 0, "the pod is released")
  await readyPods(api, pods, 1, { labelSelector: "name=sample-pod" })
}

conformance(
  "[sig-apps] ReplicaSet should adopt matching pods on creation and release no longer matching pods [Conformance]",
  async ({ api, namespace }) => {
    const pods = podsOf(namespace)
    await api.create(pods, { ...resting(labels), metadata: { name: "orphan", labels } })
    await readyPods(api, pods, 1)
    const { uid } = await create(api, "ReplicaSet", namespace, "adopter")
    const path = `${pods}/orphan`
    await eventually(async () => (await ownersOf(api, path)).includes(uid), "the pod is adopted")
    await api.patch(path, { metadata: { labels: { name: "not-matching" } } })
    await eventually(async () => (await ownersOf(api, path)).length === 0, "the pod is released")
  },
)

conformance(
  "[sig-apps] ReplicaSet Replicaset should have a working scale subresource [Conformance]",
  async ({ api, namespace }) => {
    const { path } = await create(api, "ReplicaSet", namespace, "scaled")
    await readyPods(api, podsOf(namespace), 1)
    await operateScale(api, path)
    await readyPods(api, podsOf(namespace), 4)
  },
)

conformance("[sig-apps] ReplicaSet Replace and Patch tests [Conformance]", async ({ api, namespace }) => {
  const { path } = await create(api, "ReplicaSet", namespace, "changed")
  await readyPods(api, podsOf(namespace), 1)
  await change(api, path, ({ spec }) => {
    spec.replicas = 2
  })
  await readyPods(api, podsOf(namespace), 2)
  await api.patch(path, { metadata: { labels: { "test-rs": "patched" } }, spec: { replicas: 3 } })
  const { metadata } = await eventually(async () => {
    const found = await api.get(path)
    return found["status"].readyReplicas === 3 && found
  }, "3 replicas are ready")
  expect(metadata.labels["test-rs"]).toBe("patched")
})

conformance(
  "[sig-apps] ReplicaSet should list and delete a collection of ReplicaSets [Conformance]",
  async ({ api, namespace }) => {
    const own = { "e2e-rs": namespace }
    const selecting = { labelSelector: `e2e-rs=${namespace}` }
    for (const name of ["first", "second", "third"]) await create(api, "ReplicaSet", namespace, name, 0, own)
    expect((await api.get("/apis/apps/v1/replicasets", selecting))["items"]).toHaveLength(3)
    const collection = collectionOf("ReplicaSet", namespace)
    await api.delete(collection, { query: selecting })
    await eventually(async () => (await listed(api, collection)).length === 0, "all are gone")
  },
)

conformance(
  "[sig-apps] ReplicaSet should validate Replicaset Status endpoints [Conformance]",
  async ({ api, namespace }) => {
    const { path } = await create(api, "ReplicaSet", namespace, "status")
    await readyPods(api, podsOf(namespace), 1)
    await operateStatus(api, path)
  },
)

conformance(
  "[sig-apps] ReplicationController should adopt matching pods on creation [Conformance]",
  ({ api, namespace }) => adopts(api, "ReplicationController", namespace),
)

conformance(
  "[sig-apps] ReplicationController should release no longer matching pods [Conformance]",
  ({ api, namespace }) => releases(api, "ReplicationController", namespace),
)

conformance(
  "[sig-apps] ReplicationController should get and update a ReplicationController scale [Conformance]",
  async ({ api, namespace }) => {
    const { path } = await create(api, "ReplicationController", namespace, "scaled")
    await readyPods(api, podsOf(namespace), 1)
    expect((await api.get(`${path}/scale`))["spec"].replicas).toBe(1)
    await change(api, `${path}/scale`, ({ spec }) => {
      spec.replicas = 2
    })
    await readyPods(api, podsOf(namespace), 2)
    expect((await api.get(path))["spec"].replicas).toBe(2)
  },
)

conformance(
  "[sig-apps] ReplicationController should surface a failure condition on a common issue like exceeded quota [Conformance]",
  async ({ api, namespace }) => {
    const quota = `/api/v1/namespaces/${namespace}/resourcequotas`
    await api.create(quota, { metadata: { name: "condition-test" }, spec: { hard: { pods: "2" } } })
    await eventually(
      async () => (await api.get(`${quota}/condition-test`))["status"].hard?.pods === "2",
      "the quota holds",
    )
    const { path } = await create(api, "ReplicationController", namespace, "condition-test", 3)
    const failure = async () =>
      (await api.get(path))["status"].conditions?.find(({ type }: Json) => type === "ReplicaFailure")
    const condition = await eventually(failure, "the failure is told")
    expect(condition).toMatchObject({ status: "True", reason: "FailedCreate" })
    expect(condition.message).toContain("exceeded quota: condition-test")
    await change(api, path, ({ spec }) => {
      spec.replicas = 2
    })
    await eventually(async () => (await failure()) === undefined, "the failure is told no more")
    await readyPods(api, podsOf(namespace), 2)
  },
)

conformance(
  "[sig-apps] ReplicationController should test the lifecycle of a ReplicationController [Conformance]",
  async ({ api, namespace }) => {
    const own = { "test-rc-static": namespace }
    const selecting = { labelSelector: `test-rc-static=${namespace}` }
    const { collection, path } = await create(api, "ReplicationController", namespace, "rc-test", 1, own)
    const { metadata } = await api.get(collection)
    const seen: Json[] = []
    const watching = (async () => {
      const watch = api.watch(collection, { ...selecting, resourceVersion: metadata.resourceVersion })
      for await (const event of watch) {
        seen.push(event)
        if (event["type"] === "DELETED") break
      }
    })()
    await readyPods(api, podsOf(namespace), 1)
    await api.patch(path, { metadata: { labels: { "test-rc": "patched" } } })
    const status = await api.patch(`${path}/status`, { status: { observedGeneration: 0 } })
    expect(status["kind"]).toBe("ReplicationController")
    expect((await api.get(`${path}/status`))["metadata"].labels["test-rc"]).toBe("patched")
    await api.patch(`${path}/scale`, { spec: { replicas: 2 } })
    await eventually(async () => (await api.get(path))["status"].readyReplicas === 2, "2 replicas are ready")
    await change(api, path, (controller) => {
      controller["metadata"].labels["test-rc"] = "updated"
      controller["spec"].replicas = 4
    })
    await readyPods(api, podsOf(namespace), 4)
    expect((await api.get("/api/v1/replicationcontrollers", selecting))["items"]).toHaveLength(1)
    await api.delete(collection, { query: selecting })
    await gone(api, path)
    await watching
    const labelsSeen = seen.map(({ object }) => object.metadata.labels["test-rc"])
    expect(labelsSeen).toContain("patched")
    expect(labelsSeen).toContain("updated")
  },
)
