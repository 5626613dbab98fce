// `npm run bench -- NAME [ARGS]`: builds, then runs bench/NAME.ts. Figures are medians; ratios are within one run.
import { spawnSync } from "node:child_process"
import { existsSync, readdirSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "./build.mjs"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const [name, ...args] = process.argv.slice(2)
const names = readdirSync(join(root, "bench"))
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.slice(0, -3))
if (!name || !existsSync(join(root, `bench/${name}.ts`))) {
  console.error(`usage: npm run bench -- NAME\nbenchmarks: ${names.join(", ")}`)
  process.exit(2)
}
await build()
const esbuild = await import("esbuild")
const outfile = join(root, `.cache/bench/${name}.mjs`)
await esbuild.build({
  absWorkingDir: root,
  entryPoints: [`bench/${name}.ts`],
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
  spawnSync(process.execPath, ["--enable-source-maps", "--expose-gc", outfile, ...args], {
    stdio: "inherit",
    cwd: root,
  }).status ?? 1,
)
