import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { Node } from "../../api/core/v1/node.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import type { Draft } from "../../apimachinery/meta.ts"
import { isStatusError } from "../../apimachinery/status-error.ts"
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts"
import { createTaintEvictionController } from "./taint-eviction.ts"

let cluster: TestCluster
beforeEach(async () => {
  cluster = await startTestCluster([createTaintEvictionController()])
  await cluster.client.create(Node, { metadata: { name: "a" } })
})
afterEach(() => cluster.stop())

const key = { namespace: "default", name: "web" }
type Tolerations = NonNullable<Draft<Pod["spec"]>["tolerations"]>

async function run(tolerations: Tolerations) {
  const containers = [{ name: "main", image: "app" }]
  await cluster.client.create(Pod, { metadata: key, spec: { nodeName: "a", containers, tolerations } })
}

const taint = (...keys: string[]) =>
  cluster.edit(Node, { name: "a" }, ({ spec }) => {
    // Upstream counts from when it sees a taint, not from when it was added.
    const timeAdded = "2020-01-01T00:00:00Z"
    Object.assign(spec, { taints: keys.map((one) => ({ key: one, effect: "NoExecute", timeAdded })) })
  })

const find = () =>
  cluster.client.get(Pod, key).catch((error: unknown) => {
    if (isStatusError(error, "NotFound")) return undefined
    throw error
  })
const isGoing = async () => (await find())?.metadata.deletionTimestamp !== undefined

describe("taint eviction", () => {
  it("evicts at once what does not tolerate, and says why", async () => {
    await run([])
    await taint("broken")
    await cluster.advance(10)
    expect((await find())?.status.conditions?.find(({ type }) => type === "DisruptionTarget")).toMatchObject({
      status: "True",
      reason: "DeletionByTaintManager",
      message: "Taint manager: deleting due to NoExecute taint",
      observedGeneration: 1,
    })
    expect(await cluster.events({ kind: "Pod" })).toEqual([
      "Normal TaintManagerEviction Marking for deletion Pod default/web",
    ])
  })

  it("waits as long as is tolerated, by the shortest, whatever clocks are set to", async () => {
    await run([
      { key: "slow", operator: "Exists", effect: "NoExecute", tolerationSeconds: 100 },
      { key: "broken", operator: "Exists", effect: "NoExecute", tolerationSeconds: 30 },
    ])
    await taint("slow", "broken")
    await cluster.advance(10_000)
    cluster.clock.jump(3600_000)
    await cluster.advance(19_000)
    expect(await isGoing()).toBe(false)
    await cluster.advance(2000)
    expect(await isGoing()).toBe(true)
  })

  it("goes by the first toleration for a taint", async () => {
    await run([
      { key: "broken", operator: "Exists", effect: "NoExecute" },
      { operator: "Exists", effect: "NoExecute", tolerationSeconds: 1 },
    ])
    await taint("broken")
    await cluster.advance(60_000)
    expect(await isGoing()).toBe(false)
  })

  it("lets stay what it was about to evict when the taint goes, and says so", async () => {
    await run([{ key: "broken", operator: "Exists", effect: "NoExecute", tolerationSeconds: 30 }])
    await taint("broken")
    await cluster.advance(10_000)
    await taint()
    await cluster.advance(60_000)
    expect(await isGoing()).toBe(false)
    expect(await cluster.events({ kind: "Pod" })).toEqual([
      "Normal TaintManagerEviction Cancelling deletion of Pod default/web",
    ])
  })
})
