import { expect } from "vitest"
import { type Api, conformance, eventually, type Json, useCluster } from "./harness.ts"
import {
  change,
  gone,
  healthGated,
  keepHealth,
  listed,
  operateStatus,
  pauseImage,
  readyPods,
  resting,
} from "./workloads.ts"

useCluster({ nodes: 2 })

const labels = { foo: "bar", baz: "blah" }
const labelSelector = "foo=bar"
const revisionLabel = "controller-revision-hash"

async function create(api: Api, namespace: string, name: string, replicas: number, more: Json = {}) {
  const services = `/api/v1/namespaces/${namespace}/services`
  await api.create(services, {
    metadata: { name: "test" },
    spec: { clusterIP: "None", selector: labels, ports: [{ name: "http", port: 80 }] },
  })
  const collection = `/apis/apps/v1/namespaces/${namespace}/statefulsets`
  await api.create(collection, {
    metadata: { name, labels },
    spec: {
      serviceName: "test",
      replicas,
      selector: { matchLabels: labels },
      template: resting(labels),
      ...more,
    },
  })
  return { path: `${collection}/${name}`, collection, pods: `/api/v1/namespaces/${namespace}/pods` }
}

function settled(api: Api, path: string, holds: (status: Json) => boolean): Promise<Json> {
  return eventually(async () => {
    const { metadata, status } = await api.get(path)
    return status.observedGeneration >= metadata.generation && holds(status) && status
  }, "the status is as it should be")
}

const revisionsOf = (pods: readonly Json[]) => pods.map((pod) => pod["metadata"].labels[revisionLabel])

/** Changes the template in a way that needs new pods. */
async function changeTemplate(api: Api, path: string, version: string): Promise<void> {
  await change(api, path, ({ spec }) => {
    spec.template.metadata.annotations = { version }
  })
}

/** All pods run what the set wants, and it says so. */
function rolledOut(api: Api, path: string, replicas: number): Promise<Json> {
  return settled(
    api,
    path,
    (status) =>
      status["currentRevision"] === status["updateRevision"] &&
      status["updatedReplicas"] === replicas &&
      status["readyReplicas"] === replicas,
  )
}

conformance(
  "[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] should perform rolling updates and roll backs of template modifications [Conformance]",
  async ({ api, namespace }) => {
    const { path, pods } = await create(api, namespace, "ss2", 3)
    await readyPods(api, pods, 3)
    const first = await rolledOut(api, path, 3)
    await changeTemplate(api, path, "2")
    const rolling = await settled(api, path, (status) => status["updateRevision"] !== first["updateRevision"])
    expect(rolling["currentRevision"]).toBe(first["currentRevision"])
    // From the highest ordinal down, one at a time.
    const order: string[] = []
    const { metadata } = await api.get(pods)
    const watching = (async () => {
      for await (const { type, object } of api.watch(pods, { resourceVersion: metadata.resourceVersion })) {
        if (type === "DELETED") order.push(object.metadata.name)
        if (order.length === 3) break
      }
    })()
    const second = await rolledOut(api, path, 3)
    expect(revisionsOf(await readyPods(api, pods, 3))).toEqual(Array(3).fill(second["updateRevision"]))
    await Promise.race([watching, new Promise((resolve) => setTimeout(resolve, 1000))])
    expect(order).toEqual([...order].sort().reverse())

    await change(api, path, ({ spec }) => {
      delete spec.template.metadata.annotations
    })
    await settled(api, path, (status) => status["updateRevision"] === first["updateRevision"])
    await rolledOut(api, path, 3)
    expect(revisionsOf(await readyPods(api, pods, 3))).toEqual(Array(3).fill(first["updateRevision"]))
  },
)

conformance(
  "[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] should perform canary updates and phased rolling updates of template modifications [Conformance]",
  async ({ api, namespace }) => {
    const partitioned = (partition: number) => ({ type: "RollingUpdate", rollingUpdate: { partition } })
    const { path, pods } = await create(api, namespace, "ss2", 3, { updateStrategy: partitioned(3) })
    await readyPods(api, pods, 3)
    const { currentRevision: old } = await rolledOut(api, path, 3)
    await changeTemplate(api, path, "2")
    const { updateRevision: fresh } = await settled(api, path, (status) => status["updateRevision"] !== old)
    expect(revisionsOf(await listed(api, pods))).toEqual([old, old, old])

    const phase = async (partition: number) => {
      await api.patch(path, { spec: { updateStrategy: partitioned(partition) } })
      const wanted = [0, 1, 2].map((ordinal) => (ordinal < partition ? old : fresh))
      await eventually(async () => {
        const revisions = revisionsOf(await readyPods(api, pods, 3))
        return JSON.stringify(revisions) === JSON.stringify(wanted)
      }, `the pods from ${partition} on are new`)
      return wanted
    }
    const canary = await phase(2)
    // Pods that are deleted come back with the revision of their place.
    const before = await listed(api, pods)
    for (const index of [0, 2]) await api.delete(`${pods}/ss2-${index}`)
    await eventually(async () => {
      const now = await readyPods(api, pods, 3)
      return [0, 2].every((index) => now[index]!["metadata"].uid !== before[index]!["metadata"].uid)
    }, "the deleted pods are back")
    expect(revisionsOf(await readyPods(api, pods, 3))).toEqual(canary)
    await phase(1)
    await phase(0)
    expect((await rolledOut(api, path, 3))["currentRevision"]).toBe(fresh)
  },
)

/** The count of pods stays, for long enough to believe it. */
async function expectStill(api: Api, pods: string, count: number): Promise<void> {
  for (let round = 0; round < 10; round++) {
    expect(await listed(api, pods, { labelSelector })).toHaveLength(count)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

conformance(
  "[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] Scaling should happen in predictable order and halt if any stateful pod is unhealthy [Conformance] [Slow]",
  async ({ api, namespace }) => {
    const { path, pods } = await create(api, namespace, "ss", 1, { template: healthGated(labels) })
    const health = keepHealth(api, pods, labelSelector)
    try {
      const { metadata } = await api.get(pods)
      const events: string[] = []
      const watching = (async () => {
        const options = { labelSelector, resourceVersion: metadata.resourceVersion }
        for await (const { type, object } of api.watch(pods, options)) {
          if (type !== "MODIFIED") events.push(`${type} ${object.metadata.name}`)
          if (type === "DELETED" && object.metadata.name === "ss-0") break
        }
      })()
      await readyPods(api, pods, 1)
      health.healthy = false
      await settled(api, path, (status) => !status["readyReplicas"])
      await api.patch(path, { spec: { replicas: 3 } })
      await expectStill(api, pods, 1)
      health.healthy = true
      await readyPods(api, pods, 3)
      health.healthy = false
      await settled(api, path, (status) => !status["readyReplicas"])
      await api.patch(path, { spec: { replicas: 0 } })
      await expectStill(api, pods, 3)
      health.healthy = true
      await watching
      expect(events.filter((event) => event.startsWith("DELETED"))).toEqual([
        "DELETED ss-2",
        "DELETED ss-1",
        "DELETED ss-0",
      ])
      const added = events.filter((event) => event.startsWith("ADDED"))
      expect(added.slice(-2)).toEqual(["ADDED ss-1", "ADDED ss-2"])
    } finally {
      health.stop()
    }
  },
)

conformance(
  "[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] Burst scaling should run to completion even with unhealthy pods [Conformance] [Slow]",
  async ({ api, namespace }) => {
    const template = healthGated(labels)
    const { path, pods } = await create(api, namespace, "ss", 1, {
      podManagementPolicy: "Parallel",
      template,
    })
    const health = keepHealth(api, pods, labelSelector)
    try {
      await readyPods(api, pods, 1)
      health.healthy = false
      await settled(api, path, (status) => !status["readyReplicas"])
      await api.patch(path, { spec: { replicas: 3 } })
      const count = async () => (await listed(api, pods, { labelSelector })).length
      await eventually(async () => (await count()) === 3, "there are 3 pods, ill as they are")
      health.healthy = true
      await readyPods(api, pods, 3)
      health.healthy = false
      await settled(api, path, (status) => !status["readyReplicas"])
      await api.patch(path, { spec: { replicas: 0 } })
      await eventually(async () => (await count()) === 0, "there are none")
      await settled(api, path, (status) => !status["replicas"])
    } finally {
      health.stop()
    }
  },
)

conformance(
  "[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] Should recreate evicted statefulset [Conformance]",
  async ({ api, namespace }) => {
    const pods = `/api/v1/namespaces/${namespace}/pods`
    const [node] = await listed(api, "/api/v1/nodes")
    const nodeName = node!["metadata"].name
    const containers = [
      {
        name: "main",
        image: pauseImage,
        ports: [{ name: "conflict", hostPort: 21_017, containerPort: 21_017 }],
      },
    ]
    const spec = { containers, nodeName, terminationGracePeriodSeconds: 1 }
    await api.create(pods, { metadata: { name: "test-pod" }, spec })
    await readyPods(api, pods, 1)
    // The node refuses the set's pod, whose port is taken; the set tries again and again.
    const template = { metadata: { labels }, spec }
    const { metadata } = await api.get(pods)
    const watch = api.watch(pods, { labelSelector, resourceVersion: metadata.resourceVersion })
    await create(api, namespace, "ss", 1, { template })
    const uids = new Set<string>()
    for await (const { type, object } of watch) {
      expect(object.metadata.name).toBe("ss-0")
      uids.add(object.metadata.uid)
      if (type === "DELETED") break
    }
    await api.delete(`${pods}/test-pod`)
    await eventually(async () => {
      const { status, body } = await api.send("GET", `${pods}/ss-0`)
      return status === 200 && body["status"].phase === "Running"
    }, "the set's pod runs")
    expect(uids.has((await api.get(`${pods}/ss-0`))["metadata"].uid)).toBe(false)
  },
)

conformance(
  "[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] should have a working scale subresource [Conformance]",
  async ({ api, namespace }) => {
    const { path, pods } = await create(api, namespace, "ss", 1)
    await readyPods(api, pods, 1)
    expect((await api.get(`${path}/scale`))["spec"].replicas).toBe(1)
    await change(api, `${path}/scale`, ({ spec }) => {
      spec.replicas = 2
    })
    expect((await api.get(path))["spec"].replicas).toBe(2)
    const patched = await api.patch(`${path}/scale`, { spec: { replicas: 4 } })
    expect(patched["spec"].replicas).toBe(4)
    expect((await api.get(path))["spec"].replicas).toBe(4)
  },
)

conformance(
  "[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] should list, patch and delete a collection of StatefulSets [Conformance]",
  async ({ api, namespace }) => {
    const { path, collection, pods } = await create(api, namespace, "test-ss", 1)
    await readyPods(api, pods, 1)
    await api.patch(path, {
      metadata: { labels: { "test-ss": "patched" } },
      spec: { replicas: 2, template: { spec: { terminationGracePeriodSeconds: 2 } } },
    })
    await rolledOut(api, path, 2)
    const selecting = { labelSelector: "test-ss=patched" }
    const found = (await api.get("/apis/apps/v1/statefulsets", selecting))["items"] as Json[]
    expect(found.map(({ spec }) => spec.replicas)).toEqual([2])
    await api.delete(collection, { query: selecting })
    await gone(api, path)
  },
)

conformance(
  "[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] should validate Statefulset Status endpoints [Conformance]",
  async ({ api, namespace }) => {
    const { path, pods } = await create(api, namespace, "ss", 1)
    await readyPods(api, pods, 1)
    await operateStatus(api, path)
  },
)
