/**
 * Runs simulations.
 *
 *   npm run simulate -- --seed SEED [--shrink]   one world, with everything that happens in it
 *   npm run simulate -- --plan FILE [--shrink]   a plan as it was printed
 *   npm run simulate -- [--seeds N] [--first N]  so many worlds, on as many threads as there are processors
 *
 * --shrink finds the smallest plan that still fails, and prints it.
 */
import { setMaxListeners } from "node:events"
import { readFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import { parseArgs } from "node:util"
import { isMainThread, parentPort, Worker } from "node:worker_threads"
import { generatePlan } from "./operations/generate-plan.ts"
import { describeStep, type Plan } from "./operations/operation.ts"
import { shrinkPlan } from "./shrink-plan.ts"
import { type Report, simulate } from "./simulate.ts"
import { FaultCounts, missingFaults } from "./world/fault-counts.ts"

/** What a thread tells of one seed. */
interface Result {
  readonly seed: string
  readonly failure: string | undefined
  readonly faults: readonly [string, number][]
}

// Many wait for the same end, and simulated time keeps no process alive.
setMaxListeners(0)
const alive = setInterval(() => {}, 1000)

if (isMainThread) await main()
else serve()

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: "string" },
      seeds: { type: "string", default: "1000" },
      first: { type: "string", default: "0" },
      plan: { type: "string" },
      shrink: { type: "boolean", default: false },
    },
  })
  if (values.plan) await runOne(JSON.parse(readFileSync(values.plan, "utf8")) as Plan, values.shrink)
  else if (values.seed !== undefined) await runOne(generatePlan(values.seed), values.shrink)
  else await runMany(Number(values.first), Number(values.seeds))
  clearInterval(alive)
}

async function runOne(plan: Plan, shrink: boolean): Promise<void> {
  console.log(`seed ${plan.seed}: ${plan.nodes} nodes, storm of ${plan.stormMs / 1000} s`)
  console.log(`rates ${JSON.stringify(plan.rates)}`)
  for (const step of plan.steps) console.log(describeStep(step))
  const report = await simulate(plan)
  const faults = report.faults.entries().map(([kind, count]) => `${kind} ${count}`)
  console.log(`faults: ${faults.join(", ") || "none"}`)
  console.log(`at rest after ${report.restedAtMs / 1000} s, revision ${report.revision}`)
  console.log(report.failure ?? "ok")
  if (!report.failure) return
  process.exitCode = 1
  if (shrink) await printSmallest(report)
}

async function printSmallest({ plan }: Report): Promise<void> {
  const smallest = await shrinkPlan(plan, async (tried) => (await simulate(tried)).failure !== undefined)
  const { failure } = await simulate(smallest)
  console.log(`\nthe smallest plan that fails (${failure}):\n${JSON.stringify(smallest)}`)
}

async function runMany(first: number, count: number): Promise<void> {
  const started = performance.now()
  const faults = new FaultCounts()
  let failed = 0
  await shareOut(first, count, (result) => {
    faults.addAll(result.faults)
    if (!result.failure) return
    failed++
    console.log(`seed ${result.seed}: ${result.failure}\n  again: npm run simulate -- --seed ${result.seed}`)
  })
  const seconds = (performance.now() - started) / 1000
  console.log(
    `faults: ${faults
      .entries()
      .map(([kind, times]) => `${kind} ${times}`)
      .join(", ")}`,
  )
  const missing = count >= 100 ? missingFaults(faults) : []
  if (missing.length) console.log(`these faults never occurred, so nothing was tried: ${missing.join(", ")}`)
  console.log(`${count - failed} of ${count} seeds ok in ${seconds.toFixed(0)} s`)
  process.exitCode = failed || missing.length ? 1 : 0
}

/** Each thread gets the next seed when it is done with one. */
async function shareOut(first: number, count: number, take: (result: Result) => void): Promise<void> {
  let next = first
  const threads = Math.min(availableParallelism(), count)
  await Promise.all(
    Array.from({ length: threads }, () => {
      const worker = new Worker(new URL(import.meta.url), { execArgv: process.execArgv })
      return new Promise<void>((resolve, reject) => {
        const ask = () => {
          // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
          if (next < first + count) worker.postMessage(String(next++))
          else void worker.terminate().then(() => resolve())
        }
        worker.on("message", (result: Result) => {
          take(result)
          ask()
        })
        worker.on("error", reject)
        ask()
      })
    }),
  )
}

function serve(): void {
  parentPort!.on("message", (seed: string) => {
    void simulate(generatePlan(seed)).then(({ failure, faults }) => {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      parentPort!.postMessage({ seed, failure, faults: faults.entries() } satisfies Result)
    })
  })
}
