// `npm run simulate -- [FLAGS]`: bundles simulation/run.ts and runs it; flags are explained there.
import { bundleAndRun } from "./bundle-and-run.mjs"

await bundleAndRun("simulation/run.ts", "simulate", process.argv.slice(2))
