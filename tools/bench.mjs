// `npm run bench -- NAME [ARGS]`: builds, then runs bench/NAME.ts. Figures are medians; ratios are within one run.
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { build } from "./build.mjs"
import { bundleAndRun, root } from "./bundle-and-run.mjs"

const [name, ...args] = process.argv.slice(2)
const names = readdirSync(join(root, "bench"))
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.slice(0, -3))
if (!name || !existsSync(join(root, `bench/${name}.ts`))) {
  console.error(`usage: npm run bench -- NAME\nbenchmarks: ${names.join(", ")}`)
  process.exit(2)
}
await build()
await bundleAndRun(`bench/${name}.ts`, `bench/${name}`, args, ["--expose-gc"])
