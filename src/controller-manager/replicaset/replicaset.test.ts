import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { ReplicaSet } from "../../api/apps/v1/replica-set.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { simulateNodes, type SimulatedNodes } from "../testing/simulated-nodes.ts"
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts"
import { replicaSetController } from "./replicaset.ts"

let cluster: TestCluster
let nodes: SimulatedNodes
beforeEach(async () => {
  cluster = await startTestCluster([replicaSetController])
  nodes = simulateNodes(cluster)
})
afterEach(() => cluster.stop())

const key = { namespace: "default", name: "web" }
const labels = { app: "web" }
const spec = { containers: [{ name: "web", image: "web:1" }] }

function create(replicas: number, more: object = {}) {
  return cluster.client.create(ReplicaSet, {
    metadata: key,
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec }, ...more },
  })
}

async function pods(): Promise<Pod[]> {
  return (await cluster.client.list(Pod, { namespace: "default" })).items
}

async function scale(replicas: number): Promise<void> {
  await cluster.edit(ReplicaSet, key, (replicaSet) => (replicaSet.spec.replicas = replicas))
}

describe("ReplicaSet controller", () => {
  it("creates the pods that are missing, exactly once, and counts them", async () => {
    await create(20)
    await cluster.advance(10)
    expect(await pods()).toHaveLength(20)
    await cluster.advance(5000)
    expect(await pods()).toHaveLength(20)
    const { status } = await cluster.client.get(ReplicaSet, key)
    expect(status).toEqual({
      replicas: 20,
      fullyLabeledReplicas: 20,
      readyReplicas: 20,
      availableReplicas: 20,
      terminatingReplicas: 0,
      observedGeneration: 1,
    })
    expect(cluster.errors).toEqual([])
  })

  it("gives pods a generated name, the template's labels and an owner", async () => {
    const replicaSet = await create(1)
    await cluster.advance(10)
    const [pod] = await pods()
    expect(pod!.metadata.name).toMatch(/^web-[a-z0-9]{5}$/)
    expect(pod!.metadata.generateName).toBe("web-")
    expect(pod!.metadata.labels).toEqual(labels)
    expect(pod!.metadata.ownerReferences).toEqual([
      {
        apiVersion: "apps/v1",
        kind: "ReplicaSet",
        name: "web",
        uid: replicaSet.metadata.uid,
        controller: true,
        blockOwnerDeletion: true,
      },
    ])
    expect(await cluster.events({ kind: "ReplicaSet" })).toEqual([
      `Normal SuccessfulCreate Created pod: ${pod!.metadata.name}`,
    ])
  })

  it("replaces a pod that is deleted, and one that has failed", async () => {
    await create(2)
    await cluster.advance(2000)
    const [first, second] = await pods()
    await cluster.client.delete(Pod, first!.metadata)
    await cluster.client.updateStatus(Pod, { ...second!, status: { ...second!.status, phase: "Failed" } })
    await cluster.advance(5000)
    const running = (await pods()).filter((pod) => pod.status.phase === "Running")
    expect(running).toHaveLength(2)
    expect(running.map((pod) => pod.metadata.uid)).not.toContain(first!.metadata.uid)
  })

  it("scales down by deleting unready pods first", async () => {
    let bad = ""
    nodes.isGood = (pod) => pod.metadata.name !== bad
    await create(3)
    await cluster.advance(10)
    bad = (await pods())[1]!.metadata.name
    await cluster.advance(2000)
    await scale(2)
    await cluster.advance(5000)
    const left = await pods()
    expect(left).toHaveLength(2)
    expect(left.map((pod) => pod.metadata.name)).not.toContain(bad)
    expect(await cluster.events({ kind: "ReplicaSet" })).toContain(
      `Normal SuccessfulDelete Deleted pod: ${bad}`,
    )
  })

  it("counts a pod as available when minReadySeconds have passed", async () => {
    await create(1, { minReadySeconds: 30 })
    await cluster.advance(20_000)
    expect((await cluster.client.get(ReplicaSet, key)).status.availableReplicas).toBeUndefined()
    await cluster.advance(15_000)
    expect((await cluster.client.get(ReplicaSet, key)).status.availableReplicas).toBe(1)
  })

  it("adopts an orphan that it selects, and releases a pod that it no longer selects", async () => {
    const orphan = await cluster.client.create(Pod, { metadata: { ...key, name: "orphan", labels }, spec })
    const replicaSet = await create(1)
    await cluster.advance(2000)
    const adopted = await cluster.client.get(Pod, orphan.metadata)
    expect(adopted.metadata.ownerReferences?.[0]?.uid).toBe(replicaSet.metadata.uid)
    expect(await pods()).toHaveLength(1)

    await cluster.edit(Pod, orphan.metadata, ({ metadata }) => (metadata.labels = { app: "other" }))
    await cluster.advance(2000)
    expect((await cluster.client.get(Pod, orphan.metadata)).metadata.ownerReferences ?? []).toEqual([])
    expect(await pods()).toHaveLength(2)
  })

  it("leaves pods that have come to their end to whom they are", async () => {
    nodes.isGood = ({ metadata }) => metadata.name !== "orphan"
    const fail = async (pod: Pod) => {
      const body = { status: { phase: "Failed" } }
      await cluster.client.patch(Pod, pod.metadata, { type: "merge", body }, { subresource: "status" })
      await cluster.advance(10)
    }
    await fail(await cluster.client.create(Pod, { metadata: { ...key, name: "orphan", labels }, spec }))
    await create(1)
    await cluster.advance(2000)
    const orphan = { ...key, name: "orphan" }
    expect((await cluster.client.get(Pod, orphan)).metadata.ownerReferences ?? []).toEqual([])

    const own = (await pods()).find(({ metadata }) => metadata.name !== "orphan")!
    await fail(own)
    await cluster.edit(Pod, own.metadata, ({ metadata }) => (metadata.labels = { app: "other" }))
    await cluster.advance(2000)
    expect((await cluster.client.get(Pod, own.metadata)).metadata.ownerReferences).toHaveLength(1)
  })

  it("does nothing more once it is being deleted", async () => {
    await create(1, {})
    await cluster.edit(ReplicaSet, key, ({ metadata }) => (metadata.finalizers = ["example.com/hold"]))
    await cluster.advance(2000)
    await cluster.client.delete(ReplicaSet, key)
    for (const pod of await pods()) await cluster.client.delete(Pod, pod.metadata)
    await cluster.advance(5000)
    expect(await pods()).toEqual([])
  })
})
