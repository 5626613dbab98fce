import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { ControllerRevision } from "../../api/apps/v1/controller-revision.ts"
import { DaemonSet } from "../../api/apps/v1/daemon-set.ts"
import { Node } from "../../api/core/v1/node.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import type { Draft, KubeObject } from "../../apimachinery/meta.ts"
import { isActive, isReady } from "../shared/pods.ts"
import { simulateNodes, type SimulatedNodes } from "../testing/simulated-nodes.ts"
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts"
import { nodeOf } from "./daemon-pod.ts"
import { createDaemonSetController } from "./daemonset.ts"

let cluster: TestCluster
let nodes: SimulatedNodes
beforeEach(async () => {
  cluster = await startTestCluster([createDaemonSetController()])
  nodes = simulateNodes(cluster, { nodeOf })
  for (const name of ["a", "b", "c"]) await addNode(name)
})
afterEach(() => cluster.stop())

const key = { namespace: "default", name: "agent" }
const labels = { app: "agent" }

async function addNode(name: string, more: Draft<Node> = {}) {
  await cluster.client.create(Node, { ...more, metadata: { name, ...more.metadata } })
}

async function create(more: Draft<DaemonSet["spec"]> = {}) {
  await cluster.client.create(DaemonSet, {
    metadata: key,
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: "agent", image: "agent:1" }] } },
      ...more,
    },
  })
  await cluster.advance(3000)
}

const pods = async () => (await cluster.client.list(Pod, { namespace: "default" })).items
const places = async () => (await pods()).map((pod) => pod.spec.nodeName).sort()
const images = async () => (await pods()).map(({ spec }) => spec.containers[0]!.image)
const get = () => cluster.client.get(DaemonSet, key)
const setImage = (image: string) =>
  cluster.edit(DaemonSet, key, ({ spec }) => (spec.template.spec.containers[0]!.image = image))

describe("DaemonSet controller", () => {
  it("runs one pod on every node, and counts them", async () => {
    await create()
    expect(await places()).toEqual(["a", "b", "c"])
    expect((await get()).status).toEqual({
      observedGeneration: 1,
      desiredNumberScheduled: 3,
      currentNumberScheduled: 3,
      numberMisscheduled: 0,
      numberReady: 3,
      updatedNumberScheduled: 3,
      numberAvailable: 3,
    })
    expect(cluster.errors).toEqual([])
  })

  it("follows nodes that come and go", async () => {
    await create()
    await addNode("d")
    await cluster.advance(3000)
    expect(await places()).toEqual(["a", "b", "c", "d"])
    await cluster.client.delete(Node, { name: "a" })
    await cluster.advance(3000)
    // What was bound there is the pod garbage collector's.
    expect(await places()).toEqual(["a", "b", "c", "d"])
    expect((await get()).status).toMatchObject({ desiredNumberScheduled: 3, numberMisscheduled: 0 })
  })

  it("goes only where its selector and tolerations let it", async () => {
    await addNode("tainted", { spec: { taints: [{ key: "special", effect: "NoSchedule" }] } })
    await addNode("labelled", { metadata: { labels: { disk: "ssd" } } })
    await create()
    expect(await places()).toEqual(["a", "b", "c", "labelled"])
    await cluster.edit(DaemonSet, key, ({ spec }) => (spec.template.spec.nodeSelector = { disk: "ssd" }))
    await cluster.advance(5000)
    expect(await places()).toEqual(["labelled"])
  })

  it("stays on a node that is in trouble, and leaves one whose taint drives it off", async () => {
    await create()
    const taint = (key: string) =>
      cluster.edit(Node, { name: "a" }, ({ spec }) => (spec.taints = [{ key, effect: "NoExecute" }]))
    await taint("node.kubernetes.io/unreachable")
    await cluster.advance(3000)
    expect(await places()).toEqual(["a", "b", "c"])
    await taint("maintenance")
    await cluster.advance(3000)
    expect(await places()).toEqual(["b", "c"])
  })

  it("names its node and tolerates what happens there", async () => {
    await create()
    const pod = (await pods())[0]!
    expect(pod.metadata.labels).toMatchObject({
      app: "agent",
      "controller-revision-hash": expect.any(String) as string,
    })
    expect(pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution).toEqual({
      nodeSelectorTerms: [
        { matchFields: [{ key: "metadata.name", operator: "In", values: [pod.spec.nodeName] }] },
      ],
    })
    expect(pod.spec.tolerations?.map(({ key: name }) => name)).toEqual(
      ["not-ready", "unreachable", "disk-pressure", "memory-pressure", "pid-pressure", "unschedulable"].map(
        (name) => `node.kubernetes.io/${name}`,
      ),
    )
  })

  it("replaces one pod after the other", async () => {
    await create()
    let fewest = 3
    cluster.informers.onChange(Pod, () => {
      const ready = cluster.informers.cache.list(Pod).filter((pod) => isActive(pod) && isReady(pod))
      fewest = Math.min(fewest, ready.length)
    })
    await setImage("agent:2")
    await cluster.advance(30_000)
    expect(await images()).toEqual(["agent:2", "agent:2", "agent:2"])
    expect(fewest).toBe(2)
    expect((await get()).status).toMatchObject({ updatedNumberScheduled: 3, numberAvailable: 3 })
    const { items } = await cluster.client.list(ControllerRevision)
    const hashes = (objects: readonly KubeObject[]) =>
      objects.map(({ metadata }) => metadata.labels?.["controller-revision-hash"])
    expect(hashes(items)).toEqual(expect.arrayContaining(hashes(await pods())))
    // Clients compare bytes with what upstream's encoder gives for the template: fields by name.
    const { template } = (items[0]!.data as unknown as { spec: { template: object } }).spec
    expect(Object.keys(template)).toEqual(["$patch", "metadata", "spec"])
    const revisions = items.map(({ revision }) => revision)
    expect(revisions.sort()).toEqual([1, 2])
  })

  it("starts the new pod beside the old one when it may surge", async () => {
    const rollingUpdate = { maxSurge: 1, maxUnavailable: 0 }
    await create({ updateStrategy: { type: "RollingUpdate", rollingUpdate } })
    let [fewest, most] = [3, 3]
    cluster.informers.onChange(Pod, () => {
      const active = cluster.informers.cache.list(Pod).filter(isActive)
      most = Math.max(most, active.length)
      fewest = Math.min(fewest, active.filter(isReady).length)
    })
    await setImage("agent:2")
    await cluster.advance(30_000)
    expect(await images()).toEqual(["agent:2", "agent:2", "agent:2"])
    expect([fewest, most]).toEqual([3, 4])
  })

  it("replaces nothing by itself on delete", async () => {
    await create({ updateStrategy: { type: "OnDelete" } })
    await setImage("agent:2")
    await cluster.advance(10_000)
    expect(await images()).toEqual(["agent:1", "agent:1", "agent:1"])
    await cluster.client.delete(Pod, (await pods())[0]!.metadata)
    await cluster.advance(5000)
    expect((await images()).sort()).toEqual(["agent:1", "agent:1", "agent:2"])
  })

  it("replaces a pod that has failed, with a longer pause each time", async () => {
    nodes.isGood = (pod) => nodeOf(pod) !== "a"
    await create()
    const fail = async () => {
      const pod = (await pods()).find((one) => one.spec.nodeName === "a" && isActive(one))
      if (pod) await cluster.client.updateStatus(Pod, { ...pod, status: { ...pod.status, phase: "Failed" } })
      await cluster.advance(10)
    }
    const replaced = async () => {
      const pod = (await pods()).find((one) => one.spec.nodeName === "a" && !one.metadata.deletionTimestamp)
      return pod?.status.phase !== "Failed"
    }
    await fail()
    await cluster.advance(1500)
    expect(await replaced()).toBe(true)
    await fail()
    await cluster.advance(1100)
    await fail()
    expect(await replaced()).toBe(false)
    await cluster.advance(5000)
    expect(await replaced()).toBe(true)
    const events = await cluster.events({ kind: "DaemonSet" })
    expect(
      events.some((text) =>
        /Warning FailedDaemonPod Found failed daemon pod default\/agent-\w+ on node a, will try to kill it/.test(
          text,
        ),
      ),
    ).toBe(true)
  })

  it("starts a new pod where one has ended that something keeps from going", async () => {
    await create()
    const pod = (await pods()).find(({ spec }) => spec.nodeName === "a")!
    await cluster.edit(Pod, pod.metadata, ({ metadata }) => (metadata.finalizers = ["example.com/hold"]))
    const body = { status: { phase: "Failed" } }
    await cluster.client.patch(Pod, pod.metadata, { type: "merge", body }, { subresource: "status" })
    await cluster.advance(3000)
    expect(await places()).toEqual(["a", "a", "b", "c"])
    expect((await get()).status.numberReady).toBe(3)
  })

  it("does not wait for one that goes when it may surge", async () => {
    const rollingUpdate = { maxSurge: 1, maxUnavailable: 0 }
    await create({ updateStrategy: { type: "RollingUpdate", rollingUpdate } })
    const pod = (await pods()).find(({ spec }) => spec.nodeName === "a")!
    await cluster.edit(Pod, pod.metadata, ({ metadata }) => (metadata.finalizers = ["example.com/hold"]))
    await cluster.client.delete(Pod, pod.metadata)
    await cluster.advance(3000)
    expect((await places()).filter((name) => name === "a")).toHaveLength(2)
  })

  it("replaces what failed of an old template without the pause", async () => {
    nodes.isGood = () => false
    await create()
    const fail = async () => {
      for (const pod of (await pods()).filter(isActive)) {
        const body = { status: { phase: "Failed" } }
        await cluster.client.patch(Pod, pod.metadata, { type: "merge", body }, { subresource: "status" })
      }
      await cluster.advance(10)
    }
    for (let count = 0; count < 4; count++) {
      await fail()
      await cluster.advance(8000)
    }
    await fail()
    await setImage("agent:2")
    await cluster.advance(1500)
    expect((await pods()).filter(isActive).map(({ spec }) => spec.containers[0]!.image)).toEqual([
      "agent:2",
      "agent:2",
      "agent:2",
    ])
  })

  it("keeps old revisions of which there are pods, and counts them against the limit", async () => {
    await create({ updateStrategy: { type: "OnDelete" }, revisionHistoryLimit: 1 })
    for (const image of ["agent:2", "agent:3"]) {
      await setImage(image)
      await cluster.advance(1000)
    }
    const { items } = await cluster.client.list(ControllerRevision)
    expect(items.map(({ revision }) => revision).sort()).toEqual([1, 3])
  })
})
