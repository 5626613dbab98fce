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
import { parseArgs } from "node:util"
import { isMainThread } from "node:worker_threads"
import { generatePlan } from "./operations/generate-plan.ts"
import { describeStep, type Plan } from "./operations/operation.ts"
import { serveSeeds, shareOut } from "./share-out.ts"
import { shrinkPlan } from "./shrink-plan.ts"
import { type Report, simulate } from "./simulate.ts"
import { FaultCounts, missingKinds } from "./world/fault-counts.ts"

/** Many times what the longest takes on a busy machine: who is not done by then acts for ever within one moment. */
const limitMs = 300_000

// Many wait for the same end, and simulated time keeps no process alive.
setMaxListeners(0)
const alive = setInterval(() => {}, 1000)

if (isMainThread) await main()
else serveSeeds(runSeed)

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
  let longest = { seed: "", tookMs: 0 }
  await shareOut({ script: new URL(import.meta.url), first, count, limitMs }, (result) => {
    faults.addAll(result.faults)
    if (result.tookMs > longest.tookMs) longest = result
    if (!result.failure) return
    failed++
    console.log(`seed ${result.seed}: ${result.failure}\n  again: npm run simulate -- --seed ${result.seed}`)
  })
  const seconds = (performance.now() - started) / 1000
  console.log(
    `occurred: ${faults
      .entries()
      .map(([kind, times]) => `${kind} ${times}`)
      .join(", ")}`,
  )
  const missing = count >= 100 ? missingKinds(faults) : []
  if (missing.length) console.log(`these never occurred, so they were not tried: ${missing.join(", ")}`)
  console.log(`the longest was seed ${longest.seed} with ${(longest.tookMs / 1000).toFixed(1)} s`)
  console.log(`${count - failed} of ${count} seeds ok in ${seconds.toFixed(0)} s`)
  process.exitCode = failed || missing.length ? 1 : 0
}

async function runSeed(seed: string) {
  const { failure, faults } = await simulate(generatePlan(seed))
  return { failure, faults: faults.entries() }
}
