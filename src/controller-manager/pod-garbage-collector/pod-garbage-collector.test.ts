import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { Job } from "../../api/batch/v1/job.ts"
import { Node } from "../../api/core/v1/node.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import { formatMetrics } from "../../base/metrics.ts"
import { formatTime } from "../../apimachinery/time.ts"
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts"
import { ttlAfterFinishedController } from "../ttl-after-finished/ttl-after-finished.ts"
import { createPodGarbageCollector } from "./pod-garbage-collector.ts"
import { PodGarbageCollectorMetrics } from "./pod-garbage-collector-metrics.ts"

let cluster: TestCluster
let metrics: PodGarbageCollectorMetrics
beforeEach(async () => {
  metrics = new PodGarbageCollectorMetrics()
  const controllers = [
    createPodGarbageCollector({ terminatedPodThreshold: 2, metrics }),
    ttlAfterFinishedController,
  ]
  cluster = await startTestCluster(controllers, {
    admission: {
      mutate: async ({ object }) => object,
      async validate({ operation, name }) {
        if (operation === "DELETE" && name === "kept") throw new Error("is needed")
      },
    },
  })
})
afterEach(() => cluster.stop())

const namespace = "default"
const spec = { containers: [{ name: "web", image: "web" }] }
const find = (name: string) => cluster.client.get(Pod, { namespace, name }).catch(ignoreNotFound)

async function create(name: string, nodeName = "", phase?: "Succeeded" | "Failed", reason = "") {
  const pod = await cluster.client.create(Pod, { metadata: { namespace, name }, spec: { ...spec, nodeName } })
  if (phase) await cluster.client.updateStatus(Pod, { ...pod, status: { ...pod.status, phase, reason } })
}

describe("pod garbage collector", () => {
  it("removes the pods of a node that is gone, after a while, and not those of one that comes late", async () => {
    await create("lost", "gone")
    await create("early", "late")
    await cluster.advance(35_000)
    await cluster.client.create(Node, { metadata: { name: "late" } })
    expect(await find("lost")).toBeDefined()
    await cluster.advance(60_000)
    expect(await find("lost")).toBeUndefined()
    expect(await find("early")).toBeDefined()
  })

  it("goes on when one cannot be removed, and counts", async () => {
    for (const name of ["kept", "lost"]) await create(name, "gone")
    await cluster.advance(95_000)
    expect(await find("lost")).toBeUndefined()
    expect((await find("kept"))?.status.conditions).toMatchObject([
      { type: "DisruptionTarget", reason: "DeletionByPodGC", observedGeneration: 1 },
    ])
    const text = formatMetrics(metrics.all)
    expect(text).toMatch(/force_delete_pods_total\{namespace="default",reason="orphaned"\} [2-9]/)
    expect(text).toMatch(/force_delete_pod_errors_total\{namespace="default",reason="orphaned"\} [1-9]/)
  })

  it("removes a pod that is being deleted and was never bound", async () => {
    await create("waiting")
    await cluster.edit(
      Pod,
      { namespace, name: "waiting" },
      ({ metadata }) => (metadata.finalizers = ["a.b/c"]),
    )
    await cluster.client.delete(Pod, { namespace, name: "waiting" })
    await cluster.advance(30_000)
    expect((await find("waiting"))?.status.phase).toBe("Failed")
  })

  it("keeps only so many finished pods, evicted ones go first, then the oldest", async () => {
    await cluster.client.create(Node, { metadata: { name: "a" } })
    await create("oldest", "a", "Succeeded")
    await cluster.advance(1000)
    await create("second", "a", "Succeeded")
    await cluster.advance(1000)
    await create("third", "a", "Succeeded")
    await create("evicted", "a", "Failed", "Evicted")
    await cluster.advance(30_000)
    const left = (await cluster.client.list(Pod)).items.map(({ metadata }) => metadata.name)
    expect(left.sort()).toEqual(["second", "third"])
  })
})

describe("TTL after finished", () => {
  it("deletes a finished Job when its time is over, and lets it be lengthened", async () => {
    const template = { metadata: {}, spec: { ...spec, restartPolicy: "Never" as const } }
    for (const name of ["short", "long", "stays"]) {
      const ttlSecondsAfterFinished = name === "stays" ? undefined : 60
      const job = await cluster.client.create(Job, {
        metadata: { namespace, name },
        spec: { template, ttlSecondsAfterFinished },
      })
      const now = formatTime(cluster.clock.now())
      const condition = { type: "Complete", status: "True", lastProbeTime: now, lastTransitionTime: now }
      const successful = {
        type: "SuccessCriteriaMet",
        status: "True",
        lastProbeTime: now,
        lastTransitionTime: now,
      }
      await cluster.client.updateStatus(Job, {
        ...job,
        status: { startTime: now, completionTime: now, succeeded: 1, conditions: [successful, condition] },
      })
    }
    await cluster.edit(Job, { namespace, name: "long" }, (job) => (job.spec.ttlSecondsAfterFinished = 600))
    await cluster.advance(55_000)
    const left = async () =>
      (await cluster.client.list(Job)).items
        .filter((job) => !job.metadata.deletionTimestamp)
        .map(({ metadata }) => metadata.name)
        .sort()
    expect(await left()).toEqual(["long", "short", "stays"])
    await cluster.advance(10_000)
    expect(await left()).toEqual(["long", "stays"])
    await cluster.advance(600_000)
    expect(await left()).toEqual(["stays"])
  })
})
