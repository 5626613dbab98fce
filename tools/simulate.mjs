// `npm run simulate -- [FLAGS]`: bundles simulation/run.ts and runs it; flags are explained there.
import { spawnSync } from "node:child_process"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const outfile = join(root, ".cache/simulate.mjs")
await build({
  absWorkingDir: root,
  entryPoints: ["simulation/run.ts"],
  outfile,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  packages: "external",
  sourcemap: "inline",
  logLevel: "warning",
})
const args = ["--enable-source-maps", outfile, ...process.argv.slice(2)]
process.exit(spawnSync(process.execPath, args, { stdio: "inherit", cwd: root }).status ?? 1)
