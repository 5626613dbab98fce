/**
 * The soak: churn on a real cluster until the time is up, things killed at random, and observers that miss nothing.
 *
 *   npm run soak -- --minutes 10 --nodes 3 --seed 7
 *
 * It ends by itself, cleans up, prints a table, and fails when something was left, grew, or did not come to rest.
 */
import { whyNoContainers } from "../e2e/cluster.ts"
import { parseOptions, usage } from "./options.ts"
import { printReport } from "./report.ts"
import { soak } from "./soak.ts"

async function main(): Promise<number> {
  let options: ReturnType<typeof parseOptions>
  try {
    options = parseOptions(process.argv.slice(2), () => String(Date.now() % 100_000))
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`)
    return 2
  }
  const missing = whyNoContainers()
  if (missing) {
    console.log(`soak: skipped: ${missing}`)
    return 0
  }
  const report = await soak(options, (line) => console.log(line))
  return printReport(report) ? 0 : 1
}

// Timers of the clock do not keep the process alive.
const alive = setInterval(() => {}, 1000)
process.exitCode = await main()
clearInterval(alive)
process.exit()
