// Runs dependency-cruiser with the rules beside this file. It needs TypeScript's JavaScript API, which only the
// TypeScript 6 of this folder has, so it is started from here and told how many modules it must have seen.
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const here = dirname(fileURLToPath(import.meta.url))
const root = dirname(dirname(here))
const result = spawnSync(
  process.execPath,
  [
    join(here, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs"),
    "--config",
    join(here, "rules.cjs"),
    "--output-type",
    "err",
    ...["src", "simulation"].filter((folder) => existsSync(join(root, folder))),
  ],
  { cwd: root, encoding: "utf8" },
)
process.stdout.write(result.stdout)
process.stderr.write(result.stderr)
const seen = Number(/\((\d+) modules/.exec(result.stdout)?.[1] ?? 0)
// Without a working TypeScript it would see nothing and be content with it.
if (result.status === 0 && seen < 20) {
  process.stderr.write(`import rules: only ${seen} modules seen; is tools/import-rules installed?\n`)
  process.exit(1)
}
process.exit(result.status ?? 1)
