import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { Lease } from "../../api/coordination/v1/lease.ts"
import { Node } from "../../api/core/v1/node.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import { formatMicroTime, formatTime } from "../../apimachinery/time.ts"
import { isReady } from "../shared/pods.ts"
import { createTaintEvictionController } from "../taint-eviction/taint-eviction.ts"
import { simulateNodes } from "../testing/simulated-nodes.ts"
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts"
import { createNodeLifecycleController } from "./node-lifecycle.ts"

let cluster: TestCluster
const silent = new Set<string>()
beforeEach(async () => {
  silent.clear()
  cluster = await startTestCluster([createNodeLifecycleController(), createTaintEvictionController()])
})
afterEach(() => cluster.stop())

/** A node whose kubelet reports once and then renews its lease every ten seconds, until it is silent. */
async function addNode(name: string): Promise<void> {
  const { client, clock } = cluster
  const node = await client.create(Node, { metadata: { name } })
  await report(node, "True")
  await client.create(Lease, {
    metadata: { namespace: "kube-node-lease", name },
    spec: { holderIdentity: name },
  })
  const renew = async () => {
    if (!silent.has(name))
      await cluster.edit(Lease, { namespace: "kube-node-lease", name }, ({ spec }) => {
        spec.renewTime = formatMicroTime(clock.now())
      })
    clock.after(10_000, () => void renew())
  }
  await renew()
}

async function report(node: Node, ready: string): Promise<void> {
  const now = formatTime(cluster.clock.now())
  const conditions = ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"].map((type) => ({
    type,
    status: type === "Ready" ? ready : "False",
    reason: "Kubelet",
    message: "",
    lastHeartbeatTime: now,
    lastTransitionTime: now,
  }))
  await cluster.client.updateStatus(Node, { ...node, status: { ...node.status, conditions } })
}

const get = (name: string) => cluster.client.get(Node, { name })
const taintsOf = async (name: string) =>
  (await get(name)).spec.taints?.map(({ key, effect }) => `${key}:${effect}`) ?? []

async function addPod(name: string, nodeName: string, tolerationSeconds?: number): Promise<void> {
  const tolerations = ["not-ready", "unreachable"].map((key) => ({
    key: `node.kubernetes.io/${key}`,
    operator: "Exists" as const,
    effect: "NoExecute" as const,
    ...(tolerationSeconds !== undefined && { tolerationSeconds }),
  }))
  await cluster.client.create(Pod, {
    metadata: { namespace: "default", name },
    spec: { nodeName, tolerations, containers: [{ name: "web", image: "web" }] },
  })
}

const findPod = (name: string) =>
  cluster.client.get(Pod, { namespace: "default", name }).catch(ignoreNotFound)

describe("node lifecycle", () => {
  it("leaves a node alone that renews its lease", async () => {
    await addNode("a")
    await cluster.advance(600_000)
    expect(await taintsOf("a")).toEqual([])
    expect(await cluster.events({ kind: "Node" })).toEqual([
      "Normal RegisteredNode Node a event: Registered Node a in Controller",
    ])
    expect(cluster.errors).toEqual([])
  })

  it("knows nothing of a node that falls silent, and taints it", async () => {
    for (const name of ["a", "b", "c"]) await addNode(name)
    await cluster.advance(30_000)
    silent.add("a")
    await cluster.advance(45_000)
    expect(await taintsOf("a")).toEqual([])
    await cluster.advance(15_000)
    expect(await taintsOf("a")).toEqual([
      "node.kubernetes.io/unreachable:NoSchedule",
      "node.kubernetes.io/unreachable:NoExecute",
    ])
    const { conditions } = (await get("a")).status
    expect(conditions?.find(({ type }) => type === "Ready")).toMatchObject({
      status: "Unknown",
      reason: "NodeStatusUnknown",
      message: "Kubelet stopped posting node status.",
    })
    expect(await cluster.events({ kind: "Node" })).toContain(
      "Normal NodeNotReady Node a status is now: NodeNotReady",
    )

    silent.delete("a")
    await report(await get("a"), "True")
    await cluster.advance(1000)
    expect(await taintsOf("a")).toEqual([])
  })

  it("takes the pods of a lost node out of service, and evicts them when they tolerate it no longer", async () => {
    for (const name of ["a", "b", "c"]) await addNode(name)
    simulateNodes(cluster)
    await addPod("patient", "a", 300)
    await addPod("faithful", "a")
    await cluster.advance(5000)
    silent.add("a")
    await cluster.advance(65_000)
    expect(isReady((await findPod("patient"))!)).toBe(false)
    await cluster.advance(280_000)
    expect(await findPod("patient")).toBeDefined()
    await cluster.advance(30_000)
    expect(await findPod("patient")).toBeUndefined()
    expect(await findPod("faithful")).toBeDefined()
    expect(await cluster.events({ kind: "Pod" })).toContain(
      "Normal TaintManagerEviction Marking for deletion Pod default/patient",
    )
  })

  it("changes the reason when the node reports that it is not ready", async () => {
    for (const name of ["a", "b", "c"]) await addNode(name)
    await report(await get("a"), "False")
    await cluster.advance(1000)
    expect(await taintsOf("a")).toEqual([
      "node.kubernetes.io/not-ready:NoSchedule",
      "node.kubernetes.io/not-ready:NoExecute",
    ])
  })

  it("evicts from one node at once and from the next ten seconds later", async () => {
    for (const name of ["a", "b", "c", "d", "e"]) await addNode(name)
    await cluster.advance(1000)
    await report(await get("a"), "False")
    await report(await get("b"), "False")
    await cluster.advance(1000)
    const evicting = async () =>
      (await Promise.all(["a", "b"].map(taintsOf))).filter((taints) =>
        taints.includes("node.kubernetes.io/not-ready:NoExecute"),
      ).length
    expect(await evicting()).toBe(1)
    await cluster.advance(10_000)
    expect(await evicting()).toBe(2)
  })

  it("evicts nobody when all nodes seem lost: then the fault is on this side", async () => {
    for (const name of ["a", "b"]) await addNode(name)
    await cluster.advance(1000)
    silent.add("a").add("b")
    await cluster.advance(70_000)
    expect(await taintsOf("a")).toEqual(["node.kubernetes.io/unreachable:NoSchedule"])
    expect(await taintsOf("b")).toEqual(["node.kubernetes.io/unreachable:NoSchedule"])
  })

  it("keeps new pods from a cordoned node and from one under pressure", async () => {
    await addNode("a")
    await cluster.edit(Node, { name: "a" }, ({ spec }) => (spec.unschedulable = true))
    await cluster.advance(100)
    const node = await get("a")
    const conditions = node.status.conditions!.map((one) =>
      one.type === "DiskPressure" ? { ...one, status: "True" } : one,
    )
    await cluster.client.updateStatus(Node, { ...node, status: { ...node.status, conditions } })
    await cluster.advance(100)
    expect(await taintsOf("a")).toEqual([
      "node.kubernetes.io/unschedulable:NoSchedule",
      "node.kubernetes.io/disk-pressure:NoSchedule",
    ])
  })

  it("says when a node has gone", async () => {
    await addNode("a")
    await cluster.advance(100)
    await cluster.client.delete(Node, { name: "a" })
    await cluster.advance(100)
    expect(await cluster.events({ kind: "Node" })).toContain(
      "Normal RemovingNode Node a event: Removing Node a from Controller",
    )
  })
})
