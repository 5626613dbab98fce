// How fast controllers, scheduler and API server together make promises true, in one process on one thread, with nodes
// that are simulated: DEPLOYMENTS of ten replicas until all are ready, their deletion until every pod is gone, JOBS until
// all are complete. Figures are wall clock, CPU of the process, and the heap that is left after a collection.
//
//   npm run bench -- controllers [--profile DIR] [--writes] [DEPLOYMENTS] [NODES] [JOBS]
//     --profile  where to put a .cpuprofile of the roll-out, of its deletion and of the Jobs
//     --writes   who wrote what to the API server, and how often for each pod
import { join } from "node:path"
import { performance } from "node:perf_hooks"
import { parseArgs } from "node:util"
import { profiled } from "./parts/profiled.ts"
import { startWorld, type World } from "./controllers-parts/world.ts"
import { Deployment } from "../src/api/apps/v1/deployment.ts"
import { Job } from "../src/api/batch/v1/job.ts"
import { Pod } from "../src/api/core/v1/pod.ts"

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { profile: { type: "string" }, writes: { type: "boolean", default: false } },
})
const [deployments = 1000, nodes = 1000, jobs = 10_000] = positionals.map(Number)
const replicas = 10
const labelsOf = (index: number) => ({ app: `web-${index}` })
// Timers of the clock do not keep the process alive.
const hold = setInterval(() => {}, 60_000)

console.log(
  `${"".padEnd(48)}${["wall s", "CPU s", "per s", "heap MB"].map((text) => text.padStart(9)).join("")}`,
)
const world = await startWorld(nodes)
report(`${nodes} nodes ready, idle`, 0, { seconds: 0, cpuSeconds: 0 })
await rollOut(world)
await deleteAll(world)
await runJobs(world)
await world.stop()
clearInterval(hold)

async function rollOut({ inParallel, client, reaches, count }: World): Promise<void> {
  const figures = await timed("roll-out", async () => {
    await inParallel(deployments, (index) => {
      const labels = labelsOf(index)
      return client.create(Deployment, {
        metadata: { namespace: "default", name: `web-${index}` },
        spec: {
          replicas,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers: [{ name: "web", image: "web:1" }] } },
        },
      })
    })
    const isReady = ({ status }: Deployment) => status.availableReplicas === replicas
    await reaches(() => count(Deployment, isReady) === deployments)
  })
  report(`${deployments} Deployments of ${replicas}, all ready`, deployments * replicas, figures)
}

async function deleteAll({ inParallel, client, reaches, count }: World): Promise<void> {
  const figures = await timed("deletion", async () => {
    await inParallel(deployments, (index) =>
      client.delete(Deployment, { namespace: "default", name: `web-${index}` }),
    )
    await reaches(() => count(Pod) === 0 && count(Deployment) === 0)
  })
  report("all deleted, every pod gone", deployments * replicas, figures)
}

async function runJobs({ inParallel, client, reaches, count }: World): Promise<void> {
  const isComplete = ({ status }: Job) => status.succeeded === 1 && status.completionTime !== undefined
  const figures = await timed("jobs", async () => {
    await inParallel(jobs, (index) =>
      client.create(Job, {
        metadata: { namespace: "default", name: `job-${index}` },
        spec: {
          template: {
            metadata: { annotations: { "simulation.coracle.dev/run-for": "1s" } },
            spec: { restartPolicy: "Never", containers: [{ name: "main", image: "work:1" }] },
          },
        },
      }),
    )
    await reaches(() => count(Job, isComplete) === jobs)
  })
  report(`${jobs} Jobs complete`, jobs, figures)
  const cleanUp = await timed("jobs-deletion", async () => {
    await inParallel(jobs, (index) =>
      client.delete(
        Job,
        { namespace: "default", name: `job-${index}` },
        // A Job's pods stay when nothing is said.
        { propagationPolicy: "Background" },
      ),
    )
    await reaches(() => count(Pod) === 0 && count(Job) === 0)
  })
  report("all deleted, every pod gone", jobs, cleanUp)
}

interface Figures {
  readonly seconds: number
  readonly cpuSeconds: number
}

async function timed(name: string, work: () => Promise<void>): Promise<Figures> {
  const startedMs = performance.now()
  const before = process.cpuUsage()
  await profiled(values.profile && join(values.profile, `${name}.cpuprofile`), work)
  const { user, system } = process.cpuUsage(before)
  return { seconds: (performance.now() - startedMs) / 1000, cpuSeconds: (user + system) / 1e6 }
}

function report(what: string, things: number, { seconds, cpuSeconds }: Figures): void {
  globalThis.gc?.()
  const heap = process.memoryUsage().heapUsed / 2 ** 20
  const figures = [
    seconds.toFixed(1),
    cpuSeconds.toFixed(1),
    seconds ? (things / seconds).toFixed(0) : "",
    heap.toFixed(0),
  ]
  console.log(what.padEnd(48) + figures.map((text) => text.padStart(9)).join(""))
  const counts = world.writes.take()
  if (!values.writes || things === 0) return
  const total = counts.reduce((sum, [, count]) => sum + count, 0)
  for (const [writer, count] of [["all writes", total] as const, ...counts])
    console.log(`  ${writer}`.padEnd(66) + (count / things).toFixed(2).padStart(9))
}
