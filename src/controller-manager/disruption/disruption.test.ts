import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { Deployment } from "../../api/apps/v1/deployment.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { PodDisruptionBudget } from "../../api/policy/v1/pod-disruption-budget.ts"
import type { Draft } from "../../apimachinery/meta.ts"
import { formatTime } from "../../apimachinery/time.ts"
import { deploymentController } from "../deployment/deployment.ts"
import { replicaSetController } from "../replicaset/replicaset.ts"
import { simulateNodes, type SimulatedNodes } from "../testing/simulated-nodes.ts"
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts"
import { createDisruptionController } from "./disruption.ts"

let cluster: TestCluster
let nodes: SimulatedNodes
beforeEach(async () => {
  const discover = async () => ({ resources: [], stale: [] })
  cluster = await startTestCluster([
    createDisruptionController({ discover }),
    deploymentController,
    replicaSetController,
  ])
  nodes = simulateNodes(cluster)
})
afterEach(() => cluster.stop())

const key = { namespace: "default", name: "web" }
const labels = { app: "web" }
const template = { metadata: { labels }, spec: { containers: [{ name: "web", image: "web" }] } }

async function create(spec: Draft<PodDisruptionBudget["spec"]>, replicas = 7) {
  const selector = { matchLabels: labels }
  await cluster.client.create(Deployment, { metadata: key, spec: { replicas, selector, template } })
  await cluster.client.create(PodDisruptionBudget, { metadata: key, spec: { selector, ...spec } })
  await cluster.advance(5000)
}

const status = async () => (await cluster.client.get(PodDisruptionBudget, key)).status
const counts = async () => {
  const { expectedPods, desiredHealthy, currentHealthy, disruptionsAllowed } = await status()
  return [expectedPods, desiredHealthy, currentHealthy, disruptionsAllowed]
}

describe("disruption controller", () => {
  it.each([
    [{ maxUnavailable: "30%" }, [7, 4, 7, 3]],
    [{ maxUnavailable: 1 }, [7, 6, 7, 1]],
    [{ minAvailable: "50%" }, [7, 4, 7, 3]],
    [{ minAvailable: 5 }, [7, 5, 7, 2]],
    [{ minAvailable: 7 }, [7, 7, 7, 0]],
  ])("%j", async (spec, expected) => {
    await create(spec)
    expect(await counts()).toEqual(expected)
  })

  it("tells of pods that two budgets select", async () => {
    await create({ maxUnavailable: 1 }, 1)
    const selector = { matchLabels: labels }
    await cluster.client.create(PodDisruptionBudget, {
      metadata: { ...key, name: "second" },
      spec: { selector, maxUnavailable: 1 },
    })
    await cluster.edit(PodDisruptionBudget, key, ({ spec }) => (spec.maxUnavailable = 0))
    await cluster.advance(1000)
    const [pod] = (await cluster.client.list(Pod)).items
    expect(await cluster.events({ kind: "Pod" })).toContain(
      `Warning MultiplePodDisruptionBudgets Pod "default"/"${pod!.metadata.name}" matches multiple PodDisruptionBudgets.  Chose "web" arbitrarily.`,
    )
  })

  it("counts what the Deployment wants, not what is there, and only healthy pods", async () => {
    await create({ maxUnavailable: 2 })
    nodes.isGood = () => false
    for (const pod of (await cluster.client.list(Pod)).items.slice(0, 1))
      await cluster.client.delete(Pod, pod.metadata)
    await cluster.advance(5000)
    expect(await counts()).toEqual([7, 5, 6, 1])
    const [condition] = (await status()).conditions!
    expect(condition).toMatchObject({ type: "DisruptionAllowed", status: "True", reason: "SufficientPods" })
    await cluster.edit(Deployment, key, ({ spec }) => (spec.replicas = 9))
    await cluster.advance(5000)
    expect(await counts()).toEqual([9, 7, 6, 0])
  })

  it("reserves an eviction that was allowed, for two minutes", async () => {
    await create({ minAvailable: 5 })
    const budget = await cluster.client.get(PodDisruptionBudget, key)
    const [pod] = (await cluster.client.list(Pod)).items
    const disruptedPods = { [pod!.metadata.name]: formatTime(cluster.clock.now()) }
    await cluster.client.updateStatus(PodDisruptionBudget, {
      ...budget,
      status: { ...budget.status, disruptedPods },
    })
    await cluster.advance(1000)
    expect(await counts()).toEqual([7, 5, 6, 1])
    await cluster.advance(125_000)
    expect(await counts()).toEqual([7, 5, 7, 2])
    expect(await cluster.events({ kind: "Pod" })).toEqual([
      "Warning NotDeleted Pod was expected by PDB default/web to be deleted but it wasn't",
    ])
  })

  it("finds written on an evicted pod that it was", async () => {
    await create({ minAvailable: 5 })
    const [pod] = (await cluster.client.list(Pod)).items
    const { namespace, name } = pod!.metadata
    const held = { metadata: { finalizers: ["example.com/held"] } }
    await cluster.client.patch(Pod, { namespace: namespace!, name }, { type: "merge", body: held })
    const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { namespace, name } }
    await cluster.client.createSubresource(Pod, { namespace: namespace!, name }, "eviction", eviction)
    const evicted = await cluster.client.get(Pod, { namespace: namespace!, name })
    expect(evicted.metadata.deletionTimestamp).toBeDefined()
    expect(evicted.status.conditions?.find(({ type }) => type === "DisruptionTarget")).toMatchObject({
      status: "True",
      reason: "EvictionByEvictionAPI",
      message: "Eviction API: evicting",
    })
  })

  it("says what it cannot know of pods that nobody manages", async () => {
    await cluster.client.create(Pod, { metadata: { ...key, labels }, spec: template.spec })
    await cluster.client.create(PodDisruptionBudget, {
      metadata: key,
      spec: { maxUnavailable: 1, selector: { matchLabels: labels } },
    })
    await cluster.advance(5000)
    expect(await counts()).toEqual([0, 0, 1, 0])
    const events = await cluster.events({ kind: "PodDisruptionBudget" })
    expect(
      events.some((text) =>
        text.startsWith(
          "Warning UnmanagedPods Pods selected by this PodDisruptionBudget (selector: &LabelSelector{MatchLabels:map[string]string{app: web,},MatchExpressions:[]LabelSelectorRequirement{},}) were found to be unmanaged.",
        ),
      ),
    ).toBe(true)
  })
})
