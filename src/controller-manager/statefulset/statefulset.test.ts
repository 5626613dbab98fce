import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { ControllerRevision } from "../../api/apps/v1/controller-revision.ts"
import { StatefulSet } from "../../api/apps/v1/stateful-set.ts"
import { PersistentVolumeClaim } from "../../api/core/v1/persistent-volume-claim.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import type { Draft } from "../../apimachinery/meta.ts"
import { isActive, isReady } from "../shared/pods.ts"
import { simulateNodes, type SimulatedNodes } from "../testing/simulated-nodes.ts"
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts"
import { statefulSetController } from "./statefulset.ts"

let cluster: TestCluster
let nodes: SimulatedNodes
beforeEach(async () => {
  cluster = await startTestCluster([statefulSetController])
  nodes = simulateNodes(cluster)
})
afterEach(() => cluster.stop())

const key = { namespace: "default", name: "web" }
const labels = { app: "web" }

async function create(more: Draft<StatefulSet["spec"]> = {}) {
  await cluster.client.create(StatefulSet, {
    metadata: key,
    spec: {
      replicas: 3,
      serviceName: "web",
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: "web", image: "web:1" }] } },
      ...more,
    },
  })
  await cluster.advance(10)
}

async function pods(): Promise<Pod[]> {
  const { items } = await cluster.client.list(Pod, { namespace: "default" })
  return items.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
}

const names = async () => (await pods()).map(({ metadata }) => metadata.name)
const images = async () => (await pods()).map(({ spec }) => spec.containers[0]!.image)
const get = () => cluster.client.get(StatefulSet, key)
const edit = (change: (set: StatefulSet) => void) => cluster.edit(StatefulSet, key, change)
const setImage = (image: string) => edit(({ spec }) => (spec.template.spec.containers[0]!.image = image))

describe("StatefulSet controller", () => {
  it("makes no revisions any more once it is being deleted", async () => {
    await create()
    await cluster.client.delete(StatefulSet, key, { propagationPolicy: "Foreground" })
    const revisions = async () =>
      (await cluster.client.list(ControllerRevision, { namespace: "default" })).items
    const [revision] = await revisions()
    await cluster.client.delete(ControllerRevision, { ...key, name: revision!.metadata.name })
    await cluster.advance(5000)
    expect(await revisions()).toEqual([])
    expect((await get()).metadata.deletionTimestamp).toBeDefined()
  })

  it("starts replicas one after the other, each when the one before is ready", async () => {
    await create()
    expect(await names()).toEqual(["web-0"])
    await cluster.advance(1100)
    expect(await names()).toEqual(["web-0", "web-1"])
    await cluster.advance(10_000)
    expect(await names()).toEqual(["web-0", "web-1", "web-2"])
    const { status } = await get()
    expect(status).toMatchObject({
      replicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      currentReplicas: 3,
      updatedReplicas: 3,
    })
    expect(status.currentRevision).toBe(status.updateRevision)
    expect(status.updateRevision).toMatch(/^web-[a-z0-9]+$/)
    expect((await cluster.events({ kind: "StatefulSet" }))[0]).toBe(
      "Normal SuccessfulCreate Create Pod web-0 in StatefulSet web successful",
    )
    expect(cluster.errors).toEqual([])
  })

  it("gives each replica a name, labels, a host name and claims that last", async () => {
    const template = {
      metadata: { name: "data" },
      spec: { accessModes: ["ReadWriteOnce" as const], resources: { requests: { storage: "1Gi" } } },
    }
    await create({ volumeClaimTemplates: [template] })
    await cluster.advance(10_000)
    const [, pod] = await pods()
    expect(pod!.metadata.labels).toEqual({
      app: "web",
      "statefulset.kubernetes.io/pod-name": "web-1",
      "apps.kubernetes.io/pod-index": "1",
      "controller-revision-hash": (await get()).status.updateRevision,
    })
    expect(pod!.spec).toMatchObject({ hostname: "web-1", subdomain: "web" })
    expect(pod!.spec.volumes?.[0]).toMatchObject({
      name: "data",
      persistentVolumeClaim: { claimName: "data-web-1" },
    })
    const before = await cluster.client.get(PersistentVolumeClaim, { ...key, name: "data-web-1" })
    await cluster.client.delete(Pod, pod!.metadata)
    await cluster.advance(10_000)
    const after = await cluster.client.get(PersistentVolumeClaim, { ...key, name: "data-web-1" })
    expect(after.metadata.uid).toBe(before.metadata.uid)
    expect((await pods())[1]!.metadata.uid).not.toBe(pod!.metadata.uid)
  })

  it("waits with the rest while one replica is not ready, unless told to go parallel", async () => {
    nodes.isGood = (pod) => pod.metadata.name !== "web-1"
    await create()
    await cluster.advance(10_000)
    expect(await names()).toEqual(["web-0", "web-1"])
  })

  it("starts all at once when parallel", async () => {
    nodes.isGood = () => false
    await create({ podManagementPolicy: "Parallel" })
    expect(await names()).toEqual(["web-0", "web-1", "web-2"])
  })

  it("stops replicas from the highest, one after the other", async () => {
    await create()
    await cluster.advance(10_000)
    await edit(({ spec }) => (spec.replicas = 1))
    await cluster.advance(500)
    const going = (await pods()).filter((pod) => !isActive(pod)).map(({ metadata }) => metadata.name)
    expect(going).toEqual(["web-2"])
    await cluster.advance(10_000)
    expect(await names()).toEqual(["web-0"])
  })

  it("replaces outdated replicas from the highest, never more than one at a time", async () => {
    await create()
    await cluster.advance(10_000)
    let fewest = 3
    const order: string[] = []
    cluster.informers.onChange(Pod, (current, previous) => {
      fewest = Math.min(
        fewest,
        cluster.informers.cache.list(Pod).filter((pod) => isActive(pod) && isReady(pod)).length,
      )
      if (!current && previous) order.push(previous.metadata.name)
    })
    await setImage("web:2")
    await cluster.advance(30_000)
    expect(await images()).toEqual(["web:2", "web:2", "web:2"])
    expect(order).toEqual(["web-2", "web-1", "web-0"])
    expect(fewest).toBe(2)
    const { status } = await get()
    expect(status).toMatchObject({
      currentReplicas: 3,
      updatedReplicas: 3,
      currentRevision: status.updateRevision,
    })
  })

  it("updates only from the partition on, and brings lower replicas back as they were", async () => {
    await create({ updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 2 } } })
    await cluster.advance(10_000)
    await setImage("web:2")
    await cluster.advance(30_000)
    expect(await images()).toEqual(["web:1", "web:1", "web:2"])
    await cluster.client.delete(Pod, { ...key, name: "web-0" })
    await cluster.advance(10_000)
    expect(await images()).toEqual(["web:1", "web:1", "web:2"])
    const { status } = await get()
    expect(status).toMatchObject({ currentReplicas: 2, updatedReplicas: 1 })
    expect(status.currentRevision).not.toBe(status.updateRevision)
  })

  it("replaces nothing by itself on delete", async () => {
    await create({ updateStrategy: { type: "OnDelete" } })
    await cluster.advance(10_000)
    await setImage("web:2")
    await cluster.advance(30_000)
    expect(await images()).toEqual(["web:1", "web:1", "web:1"])
    await cluster.client.delete(Pod, { ...key, name: "web-1" })
    await cluster.advance(10_000)
    expect(await images()).toEqual(["web:1", "web:2", "web:1"])
  })

  it("counts ordinals from where it is told", async () => {
    await create({ replicas: 2, ordinals: { start: 5 } })
    await cluster.advance(10_000)
    expect(await names()).toEqual(["web-5", "web-6"])
  })

  it("replaces a replica that has failed", async () => {
    await create()
    await cluster.advance(10_000)
    const [pod] = await pods()
    await cluster.client.updateStatus(Pod, { ...pod!, status: { ...pod!.status, phase: "Failed" } })
    await cluster.advance(10_000)
    expect((await pods())[0]!.metadata.uid).not.toBe(pod!.metadata.uid)
    expect(await cluster.events({ kind: "StatefulSet" })).toContain(
      "Normal SuccessfulDelete Delete Pod web-0 in StatefulSet web successful",
    )
  })

  it("keeps a history of revisions that says which came when, as long as it is told", async () => {
    await create({ replicas: 1, revisionHistoryLimit: 1 })
    await cluster.advance(5000)
    for (const image of ["web:2", "web:3", "web:4", "web:3"]) {
      await setImage(image)
      await cluster.advance(10_000)
    }
    const { items } = await cluster.client.list(ControllerRevision)
    const history = items
      .sort((a, b) => a.revision - b.revision)
      .map(({ revision, data }) => {
        const { spec } = data as unknown as StatefulSet
        return `${revision} ${spec.template.spec.containers[0]!.image}`
      })
    expect(history).toEqual(["4 web:4", "5 web:3"])
  })

  const createWithClaims = async () => {
    const template = {
      metadata: { name: "data" },
      spec: { accessModes: ["ReadWriteOnce" as const], resources: { requests: { storage: "1Gi" } } },
    }
    await create({
      replicas: 2,
      volumeClaimTemplates: [template],
      persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete", whenScaled: "Delete" },
    })
    await cluster.advance(10_000)
  }
  const ownersOf = async (name: string) =>
    (await cluster.client.get(PersistentVolumeClaim, { ...key, name })).metadata.ownerReferences?.map(
      ({ kind }) => kind,
    )

  it("lets claims go with the set or with a replica, if told to", async () => {
    await createWithClaims()
    expect(await ownersOf("data-web-1")).toEqual(["StatefulSet"])
    await edit(({ spec }) => (spec.replicas = 1))
    await cluster.advance(10_000)
    expect(await ownersOf("data-web-0")).toEqual(["StatefulSet"])
    expect(await ownersOf("data-web-1")).toEqual(["Pod"])
    // The next replica does not take over what is about to be collected.
    await edit(({ spec }) => (spec.replicas = 2))
    await cluster.advance(10_000)
    expect(await names()).toEqual(["web-0"])
    await cluster.client.delete(PersistentVolumeClaim, { ...key, name: "data-web-1" })
    await cluster.advance(10_000)
    expect(await names()).toEqual(["web-0", "web-1"])
    expect(await ownersOf("data-web-1")).toEqual(["StatefulSet"])
  })

  it("lets claims go with a replica that was on its way out when the set was made smaller", async () => {
    await createWithClaims()
    await cluster.edit(Pod, { ...key, name: "web-1" }, ({ metadata }) => {
      metadata.finalizers = ["example.com/not-yet"]
    })
    await cluster.client.delete(Pod, { ...key, name: "web-1" })
    await cluster.advance(1000)
    await edit(({ spec }) => (spec.replicas = 1))
    await cluster.advance(10_000)
    expect(await ownersOf("data-web-1")).toEqual(["Pod"])
  })

  it("gives a replica that waits the claims back that somebody took away", async () => {
    nodes.isGood = () => false
    const template = {
      metadata: { name: "data" },
      spec: { accessModes: ["ReadWriteOnce" as const], resources: { requests: { storage: "1Gi" } } },
    }
    await create({ replicas: 1, volumeClaimTemplates: [template] })
    await cluster.client.delete(PersistentVolumeClaim, { ...key, name: "data-web-0" })
    await cluster.edit(Pod, { ...key, name: "web-0" }, ({ metadata }) => (metadata.annotations = { a: "b" }))
    await cluster.advance(1000)
    const claim = await cluster.client.get(PersistentVolumeClaim, { ...key, name: "data-web-0" })
    expect(claim.metadata.deletionTimestamp).toBeUndefined()
  })

  it("counts every replica that is not available against the limit, where one is given", async () => {
    const rollingUpdate = { partition: 0, maxUnavailable: 2 }
    await create({
      replicas: 4,
      podManagementPolicy: "Parallel",
      updateStrategy: { type: "RollingUpdate", rollingUpdate },
    })
    await cluster.advance(5000)
    const body = { status: { conditions: [{ type: "Ready", status: "False" }] } }
    await cluster.client.patch(
      Pod,
      { ...key, name: "web-0" },
      { type: "strategic", body },
      { subresource: "status" },
    )
    await cluster.advance(100)
    await setImage("web:2")
    await cluster.advance(100)
    const going = (await pods()).filter(({ metadata }) => metadata.deletionTimestamp)
    expect(going.map(({ metadata }) => metadata.name)).toEqual(["web-3"])
  })

  it("gives a replica back the labels that somebody took away, and says so", async () => {
    await create({ replicas: 1 })
    await cluster.advance(5000)
    await cluster.edit(Pod, { ...key, name: "web-0" }, ({ metadata }) => {
      metadata.labels = {
        ...labels,
        "controller-revision-hash": metadata.labels!["controller-revision-hash"]!,
      }
    })
    await cluster.advance(50)
    const [pod] = await pods()
    expect(pod!.metadata.labels).toMatchObject({ "statefulset.kubernetes.io/pod-name": "web-0" })
    expect(await cluster.events({ kind: "StatefulSet" })).toContain(
      "Normal SuccessfulUpdate Update Pod web-0 in StatefulSet web successful",
    )
  })

  it("makes no revision again when one of a set that is going is collected", async () => {
    await create({ replicas: 1 })
    await edit(({ metadata }) => Object.assign(metadata, { finalizers: ["example.com/held"] }))
    await cluster.client.delete(StatefulSet, key)
    const revisions = async () =>
      (await cluster.client.list(ControllerRevision, { namespace: "default" })).items
    await cluster.client.delete(ControllerRevision, { ...key, name: (await revisions())[0]!.metadata.name })
    await cluster.advance(50)
    expect(await revisions()).toEqual([])
  })
})
