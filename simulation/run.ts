/**
 * Runs simulations: `npm run simulate -- [--seed SEED] [--seeds N] [--first N] [--shrink] [--plan FILE]`
 *
 *   --seed SEED   one world, with everything it does
 *   --seeds N     so many worlds, seeds 0..N-1 (or from --first)
 *   --shrink      finds the smallest plan that still fails, and prints it
 *   --plan FILE   a plan as it was printed
 */
import { setMaxListeners } from "node:events"
import { readFileSync } from "node:fs"
import { parseArgs } from "node:util"
import { generatePlan } from "./operations/generate-plan.ts"
import { describeStep, type Plan } from "./operations/operation.ts"
import { shrinkPlan } from "./shrink-plan.ts"
import { type Report, simulate } from "./simulate.ts"

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    seeds: { type: "string", default: "100" },
    first: { type: "string", default: "0" },
    plan: { type: "string" },
    shrink: { type: "boolean", default: false },
  },
})

// Many wait for the same end.
setMaxListeners(0)
// Simulated time keeps no process alive.
setInterval(() => {}, 1000)

if (values.plan) await runOne(JSON.parse(readFileSync(values.plan, "utf8")) as Plan)
else if (values.seed !== undefined) await runOne(generatePlan(values.seed))
else await runMany(Number(values.first), Number(values.seeds))

async function runOne(plan: Plan): Promise<void> {
  console.log(`seed ${plan.seed}: ${plan.nodes} nodes, storm of ${plan.stormMs / 1000} s`)
  console.log(`rates ${JSON.stringify(plan.rates)}`)
  for (const step of plan.steps) console.log(describeStep(step))
  const report = await simulate(plan)
  const faults = report.faults.entries().map(([kind, count]) => `${kind} ${count}`)
  console.log(`faults: ${faults.join(", ") || "none"}`)
  console.log(`at rest after ${report.restedAtMs / 1000} s, revision ${report.revision}`)
  if (report.failure) await fail(report)
  console.log("ok")
  process.exit(0)
}

async function runMany(first: number, count: number): Promise<void> {
  const started = performance.now()
  let failed = 0
  for (let seed = first; seed < first + count; seed++) {
    const report = await simulate(generatePlan(String(seed)))
    if (!report.failure) continue
    failed++
    console.log(`seed ${seed}: ${report.failure}\n  again: npm run simulate -- --seed ${seed}`)
  }
  const ms = (performance.now() - started) / count
  console.log(`${count - failed} of ${count} seeds ok, ${ms.toFixed(0)} ms each`)
  process.exit(failed ? 1 : 0)
}

async function fail({ plan, failure }: Report): Promise<never> {
  console.log(failure)
  if (values.shrink) {
    const smallest = await shrinkPlan(plan, async (tried) => (await simulate(tried)).failure !== undefined)
    const again = await simulate(smallest)
    console.log(`\nthe smallest plan that fails (${again.failure}):\n${JSON.stringify(smallest)}`)
  }
  process.exit(1)
}
