import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { Job } from "../../api/batch/v1/job.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import type { Draft } from "../../apimachinery/meta.ts"
import { isActive } from "../shared/pods.ts"
import { simulateNodes, type SimulatedNodes } from "../testing/simulated-nodes.ts"
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts"
import { createJobController } from "./job.ts"

let cluster: TestCluster
let nodes: SimulatedNodes
beforeEach(async () => {
  cluster = await startTestCluster([createJobController()])
  nodes = simulateNodes(cluster)
  nodes.outcome = () => ({ phase: "Succeeded" })
})
afterEach(() => cluster.stop())

const key = { namespace: "default", name: "work" }

async function create(spec: Draft<Job["spec"]> = {}, restartPolicy: "Never" | "OnFailure" = "Never") {
  const labels = { work: "some" }
  const template = {
    metadata: { labels },
    spec: { restartPolicy, containers: [{ name: "work", image: "work" }] },
  }
  await cluster.client.create(Job, { metadata: key, spec: { template, ...spec } })
  await cluster.advance(10)
}

const get = () => cluster.client.get(Job, key)
const pods = async () => (await cluster.client.list(Pod, { namespace: "default" })).items
const indexes = (some: readonly Pod[]) =>
  some
    .map(({ metadata }) => Number(metadata.annotations?.["batch.kubernetes.io/job-completion-index"]))
    .sort((a, b) => a - b)

async function conditions() {
  const { status } = await get()
  return (status.conditions ?? []).map((one) => `${one.type} ${one.status} ${one.reason}: ${one.message}`)
}

const failed = (reason: string, message: string) => [
  `FailureTarget True ${reason}: ${message}`,
  `Failed True ${reason}: ${message}`,
]
const complete = [
  "SuccessCriteriaMet True CompletionsReached: Reached expected number of succeeded pods",
  "Complete True CompletionsReached: Reached expected number of succeeded pods",
]

/** The most that ran at the same time. */
function recordMost() {
  const seen = { most: 0 }
  cluster.informers.onChange(Pod, () => {
    seen.most = Math.max(seen.most, cluster.informers.cache.list(Pod).filter(isActive).length)
  })
  return seen
}

describe("Job controller", () => {
  it("is done although the clock was set back behind its start", async () => {
    await create()
    cluster.clock.jump(-3_600_000)
    await cluster.advance(5000)
    const { status } = await get()
    expect(await conditions()).toEqual(complete)
    expect(status.completionTime).toBe(status.startTime)
  })

  it("runs one pod to its end", async () => {
    await create()
    expect((await pods())[0]!.metadata).toMatchObject({
      generateName: "work-",
      finalizers: ["batch.kubernetes.io/job-tracking"],
      labels: { work: "some", "job-name": "work", "batch.kubernetes.io/job-name": "work" },
    })
    await cluster.advance(5000)
    const { status } = await get()
    expect(status).toMatchObject({ succeeded: 1, uncountedTerminatedPods: {}, ready: 0, terminating: 0 })
    expect(status.active).toBeUndefined()
    expect(status.completionTime).toBe("2026-01-01T00:00:02Z")
    expect(await conditions()).toEqual(complete)
    expect((await pods())[0]!.metadata.finalizers).toBeUndefined()
    const events = await cluster.events({ kind: "Job" })
    expect(events[0]).toMatch(/^Normal SuccessfulCreate Created pod: work-/)
    expect(events.at(-1)).toBe("Normal Completed Job completed")
    expect(cluster.errors).toEqual([])
  })

  it("runs as many as are wanted, so many at a time, and counts each once", async () => {
    const seen = recordMost()
    await create({ completions: 20, parallelism: 4 })
    await cluster.advance(60_000)
    expect((await get()).status).toMatchObject({ succeeded: 20 })
    expect(await pods()).toHaveLength(20)
    expect(seen.most).toBe(4)
    expect(await conditions()).toEqual(complete)
  })

  it("waits for the others when one of an open-ended Job has succeeded", async () => {
    let first = true
    nodes.outcome = () => {
      const afterMs = first ? 1000 : 20_000
      first = false
      return { phase: "Succeeded", afterMs }
    }
    await create({ parallelism: 3 })
    await cluster.advance(10_000)
    expect(await conditions()).toEqual([])
    await cluster.advance(20_000)
    expect((await get()).status.succeeded).toBe(3)
    expect(await conditions()).toEqual(complete)
  })

  it("tries again after 10 s, 20 s, 40 s, and gives up at the limit", async () => {
    nodes.outcome = () => ({ phase: "Failed" })
    await create({ backoffLimit: 3 })
    const counts: number[] = []
    for (const ms of [2500, 10_000, 5000, 17_000, 20_000, 25_000]) {
      await cluster.advance(ms)
      counts.push((await pods()).length)
    }
    expect(counts).toEqual([1, 2, 2, 3, 3, 4])
    await cluster.advance(60_000)
    expect((await get()).status).toMatchObject({ failed: 4 })
    expect(await conditions()).toEqual(
      failed("BackoffLimitExceeded", "Job has reached the specified backoff limit"),
    )
    expect(await cluster.events({ kind: "Job" })).toContain(
      "Warning BackoffLimitExceeded Job has reached the specified backoff limit",
    )
  })

  it.each([
    ["", {}],
    [" of an index", { completions: 2, completionMode: "Indexed" as const, backoffLimitPerIndex: 3 }],
  ])("waits no longer for a replacement%s because the clock was set back", async (_, spec) => {
    nodes.outcome = () => ({ phase: "Failed" })
    await create(spec)
    await cluster.advance(2500)
    cluster.clock.jump(-3_600_000)
    await cluster.advance(10_000)
    expect(await pods()).toHaveLength(2)
    await cluster.advance(2500)
    expect(await pods()).toHaveLength(2)
    await cluster.advance(20_000)
    expect(await pods()).toHaveLength(3)
  })

  it("counts restarts where containers are restarted", async () => {
    nodes.outcome = () => undefined
    await create({ backoffLimit: 2 }, "OnFailure")
    await cluster.advance(2000)
    const [pod] = await pods()
    const containerStatuses = [
      { name: "work", image: "work", imageID: "", ready: false, restartCount: 2, state: {}, lastState: {} },
    ]
    await cluster.client.updateStatus(Pod, { ...pod!, status: { ...pod!.status, containerStatuses } })
    await cluster.advance(5000)
    expect((await conditions())[1]).toMatch(/^Failed True BackoffLimitExceeded/)
    expect(await pods()).toEqual([])
  })

  it("ends at its deadline, and is failed only when its pods have ended", async () => {
    nodes.outcome = () => undefined
    await create({ activeDeadlineSeconds: 60, parallelism: 2 })
    await cluster.advance(59_000)
    expect(await conditions()).toEqual([])
    await cluster.advance(1500)
    expect(await conditions()).toEqual([
      "FailureTarget True DeadlineExceeded: Job was active longer than specified deadline",
    ])
    await cluster.advance(5000)
    expect(await conditions()).toEqual(
      failed("DeadlineExceeded", "Job was active longer than specified deadline"),
    )
    expect((await get()).status).toMatchObject({ failed: 2 })
    expect(await pods()).toEqual([])
  })

  it("gives every index one success", async () => {
    const tries = new Map<number, number>()
    nodes.outcome = (pod) => {
      const [index] = indexes([pod])
      tries.set(index!, (tries.get(index!) ?? 0) + 1)
      return { phase: index === 2 && tries.get(2) === 1 ? "Failed" : "Succeeded" }
    }
    await create({ completions: 5, parallelism: 3, completionMode: "Indexed" })
    const [pod] = await pods()
    expect(pod!.metadata.generateName).toBe("work-0-")
    expect(pod!.metadata.labels).toMatchObject({ "batch.kubernetes.io/job-completion-index": "0" })
    expect(pod!.spec.hostname).toBe("work-0")
    expect(pod!.spec.containers[0]!.env).toEqual([
      {
        name: "JOB_COMPLETION_INDEX",
        valueFrom: {
          fieldRef: {
            apiVersion: "v1",
            fieldPath: "metadata.labels['batch.kubernetes.io/job-completion-index']",
          },
        },
      },
    ])
    await cluster.advance(60_000)
    expect((await get()).status).toMatchObject({ succeeded: 5, failed: 1, completedIndexes: "0-4" })
    expect(indexes(await pods())).toEqual([0, 1, 2, 2, 3, 4])
    expect(await conditions()).toEqual(complete)
  })

  it("fails an index alone where each has its own limit", async () => {
    nodes.outcome = (pod) => ({ phase: indexes([pod])[0] === 1 ? "Failed" : "Succeeded" })
    await create({ completions: 3, parallelism: 3, completionMode: "Indexed", backoffLimitPerIndex: 1 })
    await cluster.advance(120_000)
    expect((await get()).status).toMatchObject({
      succeeded: 2,
      failed: 2,
      completedIndexes: "0,2",
      failedIndexes: "1",
    })
    expect(await conditions()).toEqual(failed("FailedIndexes", "Job has failed indexes"))
    const counts = (await pods())
      .filter((pod) => indexes([pod])[0] === 1)
      .map(({ metadata }) => metadata.annotations?.["batch.kubernetes.io/job-index-failure-count"])
    expect(counts.sort()).toEqual(["0", "1"])
  })

  it("stops when too many indexes have failed", async () => {
    nodes.outcome = () => ({ phase: "Failed" })
    const perIndex = { backoffLimitPerIndex: 0, maxFailedIndexes: 1 }
    await create({ completions: 10, parallelism: 2, completionMode: "Indexed", ...perIndex })
    await cluster.advance(60_000)
    expect((await conditions())[1]).toMatch(/^Failed True MaxFailedIndexesExceeded/)
  })

  it("is done early when its success policy is met", async () => {
    nodes.outcome = (pod) => (indexes([pod])[0] === 0 ? { phase: "Succeeded" } : undefined)
    const successPolicy = { rules: [{ succeededIndexes: "0", succeededCount: 1 }] }
    await create({ completions: 3, parallelism: 3, completionMode: "Indexed", successPolicy })
    await cluster.advance(10_000)
    expect(await conditions()).toEqual([
      "SuccessCriteriaMet True SuccessPolicy: Matched rules at index 0",
      "Complete True SuccessPolicy: Matched rules at index 0",
    ])
    expect((await get()).status).toMatchObject({ succeeded: 1, completedIndexes: "0" })
    expect((await get()).status.failed).toBeUndefined()
    expect(await pods()).toHaveLength(1)
  })

  it("follows its pod failure policy: ignore, count, fail the Job", async () => {
    const exits = [7, 1, 42]
    nodes.outcome = () => ({ phase: "Failed", exitCode: exits.shift() ?? 42 })
    const rules = [
      { action: "Ignore" as const, onExitCodes: { operator: "In" as const, values: [7] } },
      { action: "FailJob" as const, onExitCodes: { operator: "In" as const, values: [42] } },
    ]
    await create({ backoffLimit: 6, podFailurePolicy: { rules } })
    await cluster.advance(120_000)
    const { status } = await get()
    expect(status.failed).toBe(2)
    expect((await conditions())[1]).toMatch(
      /^Failed True PodFailurePolicy: Container work for pod default\/work-\w+ failed with exit code 42 matching FailJob rule at index 1$/,
    )
  })

  it("runs nothing while suspended, and starts its clock when resumed", async () => {
    nodes.outcome = () => undefined
    await create({ suspend: true, activeDeadlineSeconds: 100 })
    expect(await pods()).toEqual([])
    expect((await get()).status.startTime).toBeUndefined()
    expect(await conditions()).toEqual(["Suspended True JobSuspended: Job suspended"])
    await cluster.advance(300_000)
    await cluster.edit(Job, key, ({ spec }) => (spec.suspend = false))
    await cluster.advance(50_000)
    expect(await pods()).toHaveLength(1)
    expect(await conditions()).toEqual(["Suspended False JobResumed: Job resumed"])
    await cluster.edit(Job, key, ({ spec }) => (spec.suspend = true))
    await cluster.advance(5000)
    expect(await pods()).toEqual([])
    expect((await get()).status.failed).toBeUndefined()
    expect((await get()).status.startTime).toBeUndefined()
    const events = await cluster.events({ kind: "Job" })
    expect(events.filter((text) => /Suspended|Resumed/.test(text))).toEqual([
      "Normal Resumed Job resumed",
      "Normal Suspended Job suspended",
    ])
  })

  it("tells what it did in the same write", async () => {
    nodes.outcome = () => undefined
    const seen: string[] = []
    cluster.informers.onChange(Job, (job) => {
      const { active = 0, terminating = 0, startTime } = job?.status ?? {}
      seen.push(`${startTime ? "started" : "not started"} ${active} ${terminating}`)
    })
    await create({ completions: 3, parallelism: 3 })
    await cluster.advance(500)
    expect(seen).toEqual(["not started 0 0", "started 3 0"])
    await cluster.advance(2000)
    await cluster.edit(Job, key, ({ spec }) => (spec.parallelism = 1))
    await cluster.advance(500)
    expect(seen).toContain("started 1 2")
    expect(seen).not.toContain("started 1 0")
  })

  it("replaces a pod that somebody deletes, at once or when it has ended", async () => {
    nodes.outcome = () => undefined
    await create({ podReplacementPolicy: "Failed" })
    await cluster.advance(2000)
    await cluster.client.delete(Pod, (await pods())[0]!.metadata)
    await cluster.advance(500)
    expect((await pods()).filter(isActive)).toHaveLength(0)
    expect((await get()).status).toMatchObject({ terminating: 1 })
  })

  it("lets go of its pods when it is deleted", async () => {
    nodes.outcome = () => undefined
    await create()
    await cluster.advance(2000)
    await cluster.client.delete(Job, key, { propagationPolicy: "Background" })
    const [pod] = await pods()
    await cluster.client.delete(Pod, pod!.metadata)
    await cluster.advance(5000)
    expect(await pods()).toEqual([])
  })

  it("leaves a Job alone that somebody else manages", async () => {
    await create({ managedBy: "example.com/manager" })
    await cluster.advance(5000)
    expect(await pods()).toEqual([])
    expect((await get()).status.startTime).toBeUndefined()
  })

  it("counts right when the controller dies at any point", async () => {
    await create({ completions: 10, parallelism: 5 })
    for (let round = 0; round < 30; round++) {
      await cluster.restart()
      await cluster.advance(700)
    }
    await cluster.advance(30_000)
    expect((await get()).status).toMatchObject({ succeeded: 10 })
    expect(await pods()).toHaveLength(10)
    expect(await conditions()).toEqual(complete)
  })
})
