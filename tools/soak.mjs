// `npm run soak -- [--minutes N] [--nodes N] [--seed TEXT]`: builds, then runs test/soak/run.ts, which explains itself.
import { build } from "./build.mjs"
import { bundleAndRun } from "./bundle-and-run.mjs"

await build()
await bundleAndRun("test/soak/run.ts", "soak/run", process.argv.slice(2))
