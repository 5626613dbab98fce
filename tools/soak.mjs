// `npm run soak -- [--minutes N] [--nodes N] [--seed TEXT]`: builds, then runs test/soak/run.ts, which explains itself.
import { spawnSync } from "node:child_process"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "./build.mjs"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
await build()
const esbuild = await import("esbuild")
const outfile = join(root, ".cache/soak/run.mjs")
await esbuild.build({
  absWorkingDir: root,
  entryPoints: ["test/soak/run.ts"],
  outfile,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  packages: "external",
  sourcemap: "inline",
  logLevel: "warning",
})
process.exit(
  spawnSync(process.execPath, ["--enable-source-maps", outfile, ...process.argv.slice(2)], {
    stdio: "inherit",
    cwd: root,
  }).status ?? 1,
)
