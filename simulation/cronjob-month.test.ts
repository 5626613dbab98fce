import { describe, expect, test } from "vitest"
import { CronJob } from "../src/api/batch/v1/cron-job.ts"
import { Job } from "../src/api/batch/v1/job.ts"
import { createCronJobController } from "../src/controller-manager/cronjob/cronjob.ts"
import { createJobController } from "../src/controller-manager/job/job.ts"
import { simulateNodes } from "../src/controller-manager/testing/simulated-nodes.ts"
import { startTestCluster } from "../src/controller-manager/testing/test-cluster.ts"

const day = 24 * 3600_000

describe("a CronJob", () => {
  test("does its work on each day of a month, and keeps what it is told to keep", async () => {
    const cluster = await startTestCluster([createCronJobController(), createJobController()])
    simulateNodes(cluster).outcome = () => ({ phase: "Succeeded" })
    const key = { namespace: "default", name: "nightly" }
    const containers = [{ name: "main", image: "app" }]
    const template = { spec: { restartPolicy: "Never" as const, containers } }
    await cluster.client.create(CronJob, {
      metadata: key,
      spec: { schedule: "30 3 * * *", successfulJobsHistoryLimit: 2, jobTemplate: { spec: { template } } },
    })
    const days = new Set<string>()
    let last: string | undefined
    for (let count = 0; count < 31; count++) {
      await cluster.advance(day)
      const { status } = await cluster.client.get(CronJob, key)
      if (status.lastSuccessfulTime) days.add(status.lastSuccessfulTime.slice(0, 10))
      last = status.lastScheduleTime
    }
    expect(days.size).toBe(31)
    expect(last).toBe("2026-01-31T03:30:00Z")
    const { items } = await cluster.client.list(Job, { namespace: "default" })
    expect(items).toHaveLength(2)
    expect(cluster.errors).toEqual([])
    await cluster.stop()
  }, 180_000)
})
