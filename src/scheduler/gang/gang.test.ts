import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { Pod } from "../../api/core/v1/pod.ts"
import { PodGroup } from "../../api/scheduling/v1alpha2/pod-group.ts"
import { asking, startTestScheduler, type TestScheduler } from "../testing.ts"

let cluster: TestScheduler

beforeEach(async () => {
  cluster = await startTestScheduler()
})

afterEach(() => cluster.stop())

const member = (name: string, cpu = "1500m") =>
  cluster.addPod(name, { ...asking(cpu), schedulingGroup: { podGroupName: "train" } })

function addGroup(minCount: number) {
  return cluster.client.create(PodGroup, {
    metadata: { name: "train", namespace: "default" },
    spec: { schedulingPolicy: { gang: { minCount } } },
  })
}

async function groupCondition() {
  const { status } = await cluster.client.get(PodGroup, { namespace: "default", name: "train" })
  return status?.conditions?.find(({ type }) => type === "PodGroupScheduled")
}

describe("a gang", () => {
  test("waits for its group, then for enough pods, then all are placed", async () => {
    await cluster.addNode("a")
    await cluster.addNode("b")
    const first = await member("one")
    await vi.waitFor(
      () =>
        expect(cluster.scheduler.whyPending(first.metadata.uid)?.message).toBe(
          'waiting for pods\'s pod group "train" to appear in scheduling queue',
        ),
      { timeout: 10_000 },
    )
    await addGroup(2)
    await vi.waitFor(
      () =>
        expect(cluster.scheduler.whyPending(first.metadata.uid)?.message).toBe(
          "waiting for minCount pods from a gang to appear in scheduling queue",
        ),
      { timeout: 10_000 },
    )
    await member("two")
    expect(new Set([await cluster.nodeOf("one"), await cluster.nodeOf("two")])).toEqual(new Set(["a", "b"]))
    await vi.waitFor(async () => expect((await groupCondition())?.status).toBe("True"), { timeout: 10_000 })
  })

  test("holds no room that it can't use as a whole", async () => {
    await cluster.addNode("a")
    await addGroup(2)
    await member("one")
    await member("two")
    const messages = await Promise.all(["one", "two"].map(cluster.pendingBecause))
    expect(messages).toContain("waiting for minCount pods from a gang to be scheduled")
    expect(messages.join()).toContain("Insufficient cpu")
    expect((await groupCondition())?.reason).toBe("Unschedulable")
    // Somebody else may have the room.
    await cluster.addPod("other", asking("1500m"))
    expect(await cluster.nodeOf("other")).toBe("a")
    await cluster.addNode("b")
    await cluster.addNode("c")
    expect(new Set([await cluster.nodeOf("one"), await cluster.nodeOf("two")])).toEqual(new Set(["b", "c"]))
  })

  test("more than enough pods: those that fit are placed", async () => {
    await cluster.addNode("a")
    await addGroup(1)
    await member("one")
    await member("two")
    await vi.waitFor(
      async () => {
        const pods = (await cluster.client.list(Pod, { namespace: "default" })).items
        expect(pods.filter(({ spec }) => spec.nodeName)).toHaveLength(1)
      },
      { timeout: 10_000 },
    )
  })
})
