import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { CronJob } from "../../api/batch/v1/cron-job.ts"
import { Job } from "../../api/batch/v1/job.ts"
import type { Draft } from "../../apimachinery/meta.ts"
import { createJobController } from "../job/job.ts"
import { simulateNodes, type SimulatedNodes } from "../testing/simulated-nodes.ts"
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts"
import { createCronJobController } from "./cronjob.ts"

let cluster: TestCluster
let nodes: SimulatedNodes
let refuses: boolean
beforeEach(async () => {
  refuses = false
  cluster = await startTestCluster([createCronJobController(), createJobController()], {
    admission: {
      mutate: async ({ object }) => object,
      async validate({ operation, resource }) {
        if (refuses && operation === "CREATE" && resource.kind === "Job") throw new Error("no more Jobs")
      },
    },
  })
  nodes = simulateNodes(cluster)
  nodes.outcome = () => ({ phase: "Succeeded" })
})
afterEach(() => cluster.stop())

const key = { namespace: "default", name: "tick" }
const minuteMs = 60_000
const hourMs = 60 * minuteMs

async function create(spec: Draft<CronJob["spec"]> = {}) {
  const labels = { work: "some" }
  const template = {
    metadata: { labels },
    spec: { restartPolicy: "Never" as const, containers: [{ name: "work", image: "work" }] },
  }
  await cluster.client.create(CronJob, {
    metadata: key,
    spec: { schedule: "*/10 * * * *", jobTemplate: { metadata: { labels }, spec: { template } }, ...spec },
  })
  await cluster.advance(10)
}

const get = () => cluster.client.get(CronJob, key)
const jobs = async () => (await cluster.client.list(Job, { namespace: "default" })).items
const names = async () => (await jobs()).map(({ metadata }) => metadata.name).sort()
const minute = (text: string) => `tick-${Date.parse(`2026-01-01T${text}Z`) / minuteMs}`

describe("CronJob controller", () => {
  it("starts a Job at every moment of the schedule", async () => {
    await create()
    await cluster.advance(9 * minuteMs)
    expect(await names()).toEqual([])
    await cluster.advance(minuteMs + 500)
    expect(await names()).toEqual([minute("00:10:00")])
    const [job] = await jobs()
    expect(job!.metadata).toMatchObject({
      labels: { work: "some" },
      annotations: { "batch.kubernetes.io/cronjob-scheduled-timestamp": "2026-01-01T00:10:00Z" },
      ownerReferences: [{ kind: "CronJob", name: "tick", controller: true }],
    })
    expect((await get()).status).toMatchObject({
      active: [{ kind: "Job", name: job!.metadata.name, uid: job!.metadata.uid }],
      lastScheduleTime: "2026-01-01T00:10:00Z",
    })
    await cluster.advance(minuteMs)
    const { status } = await get()
    expect(status.active ?? []).toEqual([])
    expect(status.lastSuccessfulTime).toBe("2026-01-01T00:10:02Z")
    expect(await cluster.events({ kind: "CronJob" })).toEqual([
      `Normal SuccessfulCreate Created job ${job!.metadata.name}`,
      `Normal SawCompletedJob Saw completed job: ${job!.metadata.name}, condition: Complete`,
    ])
    expect(cluster.errors).toEqual([])
  })

  it("keeps three that succeeded and one that failed", async () => {
    let count = 0
    nodes.outcome = () => ({ phase: count++ % 2 === 0 ? "Failed" : "Succeeded" })
    await create()
    await cluster.edit(CronJob, key, ({ spec }) => (spec.jobTemplate.spec.backoffLimit = 0))
    await cluster.advance(3 * hourMs)
    const ends = (await jobs()).map(({ status }) => status.conditions?.at(-1)?.type).sort()
    expect(ends).toEqual(["Complete", "Complete", "Complete", "Failed"])
  })

  it.each([
    ["Allow", 3, 3],
    ["Forbid", 1, 1],
    ["Replace", 1, 1],
  ] as const)("lets Jobs overlap as told: %s", async (concurrencyPolicy, active, left) => {
    nodes.outcome = () => undefined
    await create({ concurrencyPolicy })
    await cluster.advance(30 * minuteMs + 5000)
    expect((await get()).status.active).toHaveLength(active)
    const running = (await jobs()).filter(({ metadata }) => !metadata.deletionTimestamp)
    expect(running).toHaveLength(left)
    const newest = concurrencyPolicy === "Forbid" ? "00:10:00" : "00:30:00"
    expect(running.map(({ metadata }) => metadata.name)).toContain(minute(newest))
    const events = await cluster.events({ kind: "CronJob" })
    expect(
      events.includes(
        "Normal JobAlreadyActive Not starting job because prior execution is running and concurrency policy is Forbid",
      ),
    ).toBe(concurrencyPolicy === "Forbid")
  })

  it("starts only the last of those that it missed, and none that is too old", async () => {
    await create({ suspend: true })
    await cluster.advance(45 * minuteMs)
    await cluster.edit(CronJob, key, ({ spec }) => (spec.suspend = false))
    await cluster.advance(1000)
    expect(await names()).toEqual([minute("00:40:00")])

    await cluster.edit(CronJob, key, ({ spec }) => {
      spec.suspend = true
      spec.startingDeadlineSeconds = 60
    })
    await cluster.advance(20 * minuteMs)
    await cluster.edit(CronJob, key, ({ spec }) => (spec.suspend = false))
    await cluster.advance(1000)
    expect(await names()).toEqual([minute("00:40:00")])
  })

  it("makes one Job for one moment when it dies in between", async () => {
    await create()
    for (let round = 0; round < 40; round++) {
      await cluster.restart()
      await cluster.advance(17_000)
    }
    expect(await names()).toEqual([minute("00:10:00")])
  })

  it("follows the clocks of its time zone", async () => {
    await create({ schedule: "0 9 * * *", timeZone: "Asia/Tokyo" })
    await cluster.advance(23 * hourMs)
    expect(await names()).toEqual([])
    await cluster.advance(2 * hourMs)
    const [job] = await jobs()
    expect(job!.metadata.annotations).toMatchObject({
      "batch.kubernetes.io/cronjob-scheduled-timestamp": "2026-01-02T09:00:00+09:00",
    })
  })

  it("warns of a date that never comes", async () => {
    await create({ schedule: "59 23 31 2 *" })
    expect(await cluster.events({ kind: "CronJob" })).toEqual([
      "Warning InvalidSchedule invalid schedule: 59 23 31 2 * : time difference between two schedules is less than 1 second",
    ])
  })

  it("writes down what has ended also when the next Job is refused", async () => {
    await create()
    await cluster.advance(10 * minuteMs + 500)
    refuses = true
    await cluster.advance(10 * minuteMs)
    expect((await get()).status.active ?? []).toEqual([])
  })
})
