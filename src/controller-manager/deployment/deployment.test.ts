import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { Deployment } from "../../api/apps/v1/deployment.ts"
import { ReplicaSet } from "../../api/apps/v1/replica-set.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { isActive, isReady } from "../shared/pods.ts"
import { replicaSetController } from "../replicaset/replicaset.ts"
import { simulateNodes, type SimulatedNodes } from "../testing/simulated-nodes.ts"
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts"
import { deploymentController } from "./deployment.ts"

let cluster: TestCluster
let nodes: SimulatedNodes
beforeEach(async () => {
  cluster = await startTestCluster([deploymentController, replicaSetController])
  nodes = simulateNodes(cluster)
})
afterEach(() => cluster.stop())

const key = { namespace: "default", name: "web" }
const labels = { app: "web" }

function template(image: string) {
  return { metadata: { labels }, spec: { containers: [{ name: "web", image }] } }
}

async function create(more: Partial<Deployment["spec"]> = {}) {
  await cluster.client.create(Deployment, {
    metadata: key,
    spec: { replicas: 3, selector: { matchLabels: labels }, template: template("web:1"), ...more },
  })
  await cluster.advance(10)
}

const get = () => cluster.client.get(Deployment, key)

async function replicaSets(): Promise<ReplicaSet[]> {
  const { items } = await cluster.client.list(ReplicaSet, { namespace: "default" })
  return items.sort((a, b) => (revisionOf(a) ?? "").localeCompare(revisionOf(b) ?? ""))
}

function revisionOf(object: Deployment | ReplicaSet): string | undefined {
  return object.metadata.annotations?.["deployment.kubernetes.io/revision"]
}

async function setImage(image: string): Promise<void> {
  await cluster.edit(Deployment, key, ({ spec }) => (spec.template.spec.containers[0]!.image = image))
}

async function condition(type: string) {
  return (await get()).status.conditions?.find((one) => one.type === type)
}

/** Watches every moment of a rollout: pods that exist, pods that are ready. */
function recordBounds() {
  const bounds = { most: 0, fewestReady: Number.POSITIVE_INFINITY }
  cluster.informers.onChange(Pod, () => {
    const pods = cluster.informers.cache.list(Pod).filter(isActive)
    bounds.most = Math.max(bounds.most, pods.length)
    bounds.fewestReady = Math.min(bounds.fewestReady, pods.filter(isReady).length)
  })
  return bounds
}

describe("Deployment controller", () => {
  it("makes one ReplicaSet for its template and reports when it is there", async () => {
    await create()
    const [replicaSet] = await replicaSets()
    const hash = replicaSet!.metadata.labels!["pod-template-hash"]!
    expect(replicaSet!.metadata.name).toBe(`web-${hash}`)
    expect(replicaSet!.spec.selector?.matchLabels).toEqual({ app: "web", "pod-template-hash": hash })
    expect(replicaSet!.spec.template.metadata.labels).toEqual({ app: "web", "pod-template-hash": hash })
    expect(replicaSet!.metadata.annotations).toEqual({
      "deployment.kubernetes.io/revision": "1",
      "deployment.kubernetes.io/desired-replicas": "3",
      "deployment.kubernetes.io/max-replicas": "4",
    })
    await cluster.advance(100)
    expect(await condition("Progressing")).toMatchObject({ reason: "ReplicaSetUpdated" })
    expect(await condition("Available")).toMatchObject({
      status: "False",
      reason: "MinimumReplicasUnavailable",
      message: "Deployment does not have minimum availability.",
    })

    await cluster.advance(3000)
    const deployment = await get()
    expect(revisionOf(deployment)).toBe("1")
    expect(deployment.metadata.generation).toBe(1)
    const { conditions, ...counts } = deployment.status
    expect(counts).toEqual({
      observedGeneration: 1,
      replicas: 3,
      updatedReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      terminatingReplicas: 0,
    })
    expect(
      conditions?.map(({ type, status, reason, message }) => `${type} ${status} ${reason}: ${message}`),
    ).toEqual([
      "Available True MinimumReplicasAvailable: Deployment has minimum availability.",
      `Progressing True NewReplicaSetAvailable: ReplicaSet "web-${hash}" has successfully progressed.`,
    ])
    expect(await cluster.events({ kind: "Deployment" })).toEqual([
      `Normal ScalingReplicaSet Scaled up replica set web-${hash} from 0 to 3`,
    ])
    expect(cluster.errors).toEqual([])
  })

  it("is quiet once it is done", async () => {
    await create()
    await cluster.advance(5000)
    const before = (await get()).metadata.resourceVersion
    await cluster.advance(3_600_000)
    expect((await get()).metadata.resourceVersion).toBe(before)
  })

  it("rolls out a new template within surge and unavailability", async () => {
    await create({ replicas: 10 })
    await cluster.advance(5000)
    const bounds = recordBounds()
    await setImage("web:2")
    await cluster.advance(60_000)
    expect(bounds.most).toBeLessThanOrEqual(13)
    expect(bounds.most).toBeGreaterThan(10)
    expect(bounds.fewestReady).toBe(8)
    const [old, newest] = await replicaSets()
    expect(old!.spec.replicas).toBe(0)
    expect(newest!.spec.replicas).toBe(10)
    expect(revisionOf(await get())).toBe("2")
    expect((await get()).status).toMatchObject({ updatedReplicas: 10, availableReplicas: 10, replicas: 10 })
    expect(await condition("Progressing")).toMatchObject({ reason: "NewReplicaSetAvailable" })
    expect(cluster.errors).toEqual([])
  })

  it("never has fewer ready pods than wanted when none may be unavailable", async () => {
    const rollingUpdate = { maxSurge: 1, maxUnavailable: 0 }
    await create({ strategy: { type: "RollingUpdate", rollingUpdate } })
    await cluster.advance(5000)
    const bounds = recordBounds()
    await setImage("web:2")
    await cluster.advance(60_000)
    expect(bounds).toEqual({ most: 4, fewestReady: 3 })
    const names = (await replicaSets()).map(({ metadata }) => metadata.name)
    const scaled = await cluster.events({ kind: "Deployment" })
    expect(scaled.map((text) => text.replace(names[0]!, "OLD").replace(names[1]!, "NEW"))).toEqual([
      "Normal ScalingReplicaSet Scaled up replica set OLD from 0 to 3",
      "Normal ScalingReplicaSet Scaled up replica set NEW from 0 to 1",
      "Normal ScalingReplicaSet Scaled down replica set OLD from 3 to 2",
      "Normal ScalingReplicaSet Scaled up replica set NEW from 1 to 2",
      "Normal ScalingReplicaSet Scaled down replica set OLD from 2 to 1",
      "Normal ScalingReplicaSet Scaled up replica set NEW from 2 to 3",
      "Normal ScalingReplicaSet Scaled down replica set OLD from 1 to 0",
    ])
  })

  it("rolls back to the ReplicaSet that has the template already, under a new revision", async () => {
    await create()
    await cluster.advance(5000)
    await setImage("web:2")
    await cluster.advance(30_000)
    await setImage("web:1")
    await cluster.advance(30_000)
    const all = await replicaSets()
    expect(all).toHaveLength(2)
    const active = all.find(({ spec }) => spec.replicas === 3)!
    expect(active.spec.template.spec.containers[0]!.image).toBe("web:1")
    expect(revisionOf(active)).toBe("3")
    expect(active.metadata.annotations?.["deployment.kubernetes.io/revision-history"]).toBe("1")
    expect(revisionOf(await get())).toBe("3")
  })

  it("keeps revisionHistoryLimit old ReplicaSets, the newest of them", async () => {
    await create({ revisionHistoryLimit: 1 })
    await cluster.advance(5000)
    for (const image of ["web:2", "web:3", "web:4"]) {
      await setImage(image)
      await cluster.advance(30_000)
    }
    const images = (await replicaSets()).map(({ spec }) => spec.template.spec.containers[0]!.image)
    expect(images).toEqual(["web:3", "web:4"])
  })

  it("scales without a rollout", async () => {
    await create()
    await cluster.advance(5000)
    await cluster.edit(Deployment, key, ({ spec }) => (spec.replicas = 5))
    await cluster.advance(5000)
    const [replicaSet, ...others] = await replicaSets()
    expect(others).toEqual([])
    expect(replicaSet!.spec.replicas).toBe(5)
    expect(replicaSet!.metadata.annotations?.["deployment.kubernetes.io/max-replicas"]).toBe("7")
    expect((await cluster.events({ kind: "Deployment" })).at(-1)).toMatch(
      /Scaled up replica set .* from 3 to 5/,
    )
    expect((await get()).status.readyReplicas).toBe(5)
  })

  it("scales a stuck rollout in proportion", async () => {
    await create({ replicas: 10 })
    await cluster.advance(5000)
    nodes.isGood = (pod) => pod.spec.containers[0]!.image !== "web:bad"
    await setImage("web:bad")
    await cluster.advance(5000)
    expect((await replicaSets()).map(({ spec }) => spec.replicas)).toEqual([8, 5])
    // 13 in all become 15 + 4 of surge = 19: 8 of 13 are 11.69, 5 of 13 are 7.3.
    await cluster.edit(Deployment, key, ({ spec }) => (spec.replicas = 15))
    await cluster.advance(5000)
    expect((await replicaSets()).map(({ spec }) => spec.replicas)).toEqual([12, 7])
  })

  it("ends all old pods before it starts new ones when it recreates", async () => {
    await create({ strategy: { type: "Recreate" } })
    await cluster.advance(5000)
    let overlap = false
    cluster.informers.onChange(Pod, () => {
      const images = cluster.informers.cache.list(Pod).map((pod) => pod.spec.containers[0]!.image)
      overlap ||= images.includes("web:1") && images.includes("web:2")
    })
    await setImage("web:2")
    await cluster.advance(30_000)
    expect(overlap).toBe(false)
    expect((await get()).status).toMatchObject({ updatedReplicas: 3, availableReplicas: 3 })
  })

  it("does not roll out while paused, but scales; and goes on when resumed", async () => {
    await create()
    await cluster.advance(5000)
    await cluster.edit(Deployment, key, ({ spec }) => {
      spec.paused = true
      spec.replicas = 4
      spec.template.spec.containers[0]!.image = "web:2"
    })
    await cluster.advance(5000)
    expect((await replicaSets()).map(({ spec }) => spec.replicas)).toEqual([4])
    expect(await condition("Progressing")).toMatchObject({
      status: "Unknown",
      reason: "DeploymentPaused",
      message: "Deployment is paused",
    })
    await cluster.edit(Deployment, key, ({ spec }) => (spec.paused = false))
    await cluster.advance(30_000)
    expect((await replicaSets()).map(({ spec }) => spec.replicas)).toEqual([0, 4])
    expect(await condition("Progressing")).toMatchObject({ reason: "NewReplicaSetAvailable" })
  })

  it("says so when progress takes longer than the deadline, and again when it comes", async () => {
    nodes.isGood = () => false
    await create({ progressDeadlineSeconds: 60 })
    await cluster.advance(55_000)
    expect(await condition("Progressing")).toMatchObject({ status: "True" })
    await cluster.advance(10_000)
    const [replicaSet] = await replicaSets()
    expect(await condition("Progressing")).toMatchObject({
      status: "False",
      reason: "ProgressDeadlineExceeded",
      message: `ReplicaSet "${replicaSet!.metadata.name}" has timed out progressing.`,
    })
    nodes.isGood = () => true
    for (const pod of (await cluster.client.list(Pod)).items) await cluster.client.delete(Pod, pod.metadata)
    await cluster.advance(10_000)
    expect(await condition("Progressing")).toMatchObject({ reason: "NewReplicaSetAvailable" })
  })

  it("takes another hash when a stranger has the ReplicaSet's name", async () => {
    await create({ replicas: 1 })
    const [first] = await replicaSets()
    await cluster.client.delete(Deployment, key, { propagationPolicy: "Background" })
    await cluster.edit(ReplicaSet, first!.metadata, (replicaSet) => {
      delete replicaSet.metadata.ownerReferences
      replicaSet.metadata.labels = { app: "stranger" }
    })
    await create({ replicas: 1 })
    await cluster.advance(5000)
    const all = await replicaSets()
    expect(all).toHaveLength(2)
    expect((await get()).status).toMatchObject({ collisionCount: 1, availableReplicas: 1 })
  })
})
