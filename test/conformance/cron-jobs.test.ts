import { expect } from "vitest"
import { type Api, conformance, eventually, type Json, useCluster } from "./harness.ts"
import { ending, listed, resting } from "./workloads.ts"

useCluster({ nodes: 1 })

/** Minutes pass as they do: these tests take one or two. */
const patientMs = 150_000

async function create(api: Api, namespace: string, concurrencyPolicy: string, more: Json = {}) {
  const batch = `/apis/batch/v1/namespaces/${namespace}`
  const template = resting({})
  template["spec"].restartPolicy = "Never"
  await api.create(`${batch}/cronjobs`, {
    metadata: { name: "often" },
    spec: { schedule: "*/1 * * * *", concurrencyPolicy, jobTemplate: { spec: { template } }, ...more },
  })
  return { path: `${batch}/cronjobs/often`, jobs: `${batch}/jobs` }
}

function hasActive(api: Api, path: string, holds: (names: string[]) => boolean): Promise<string[]> {
  return eventually(
    async () => {
      const names = ((await api.get(path))["status"].active ?? []).map(({ name }: Json) => name)
      return holds(names) && names
    },
    "the active Jobs are as they should be",
    patientMs,
  )
}

/** The next full minute has come, and a little more. */
async function untilNextMinute(): Promise<void> {
  const leftMs = 60_000 - (Date.now() % 60_000) + 3000
  await new Promise((resolve) => setTimeout(resolve, leftMs))
}

conformance(
  "[sig-apps] CronJob should not schedule jobs when suspended [Conformance] [Slow]",
  async ({ api, namespace }) => {
    const jobTemplate = { spec: { template: ending() } }
    const { path, jobs } = await create(api, namespace, "Allow", { suspend: true, jobTemplate })
    await untilNextMinute()
    expect(await listed(api, jobs)).toEqual([])
    expect((await api.get(path))["status"].lastScheduleTime).toBeUndefined()
  },
  { timeoutMs: patientMs + 60_000, concurrent: true },
)

conformance(
  "[sig-apps] CronJob should not schedule new jobs when ForbidConcurrent [Conformance] [Slow]",
  async ({ api, namespace }) => {
    const { path, jobs } = await create(api, namespace, "Forbid")
    const first = await hasActive(api, path, (names) => names.length === 1)
    await untilNextMinute()
    expect(await hasActive(api, path, () => true)).toEqual(first)
    expect((await listed(api, jobs)).map(({ metadata }) => metadata.name)).toEqual(first)
  },
  { timeoutMs: patientMs + 60_000, concurrent: true },
)

conformance(
  "[sig-apps] CronJob should replace jobs when ReplaceConcurrent [Conformance]",
  async ({ api, namespace }) => {
    const { path, jobs } = await create(api, namespace, "Replace")
    const [first] = await hasActive(api, path, (names) => names.length === 1)
    const [second] = await hasActive(api, path, (names) => names.length === 1 && names[0] !== first)
    await eventually(async () => {
      const names = (await listed(api, jobs)).map(({ metadata }) => metadata.name)
      return names.length === 1 && names[0] === second
    }, "the first is gone")
  },
  { timeoutMs: patientMs + 60_000, concurrent: true },
)

conformance(
  "[sig-apps] CronJob should schedule multiple jobs concurrently [Conformance]",
  async ({ api, namespace }) => {
    const { path, jobs } = await create(api, namespace, "Allow")
    const names = await hasActive(api, path, (active) => active.length >= 2)
    // A Job counts its pods a moment after the CronJob has counted the Job.
    await eventually(async () => {
      const found = (await listed(api, jobs)).filter(({ status }) => status.active)
      return names.every((name) => found.some(({ metadata }) => metadata.name === name))
    }, "their pods are active")
  },
  { timeoutMs: patientMs + 60_000, concurrent: true },
)
