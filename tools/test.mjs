// `npm test`: sets up what is missing, then runs every check, cheapest first. All of them run even when one fails; the
// closing line counts them: a check such as the type checker counts as one test.
//
//   npm test                      everything
//   npm test -- unit conformance  only these steps
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "./build.mjs"
import { setup } from "./setup.mjs"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const bin = (name) => join(root, "node_modules/.bin", name)

const steps = {
  types: () => check(bin("tsc"), ["--noEmit"]),
  lint: () => check(bin("oxlint"), ["--type-aware", "--deny-warnings"]),
  format: () => check(bin("biome"), ["format", "."]),
  "import-rules": () => check(process.execPath, ["tools/import-rules/check.mjs"]),
  unit: () => vitest("unit"),
  simulation: () => check(process.execPath, ["tools/simulate.mjs", "--seeds", "1000"]),
  machine: () => vitest("machine"),
  conformance: () => vitest("conformance", "--reporter=./test/conformance/reporter.ts"),
  e2e: () => vitest("e2e"),
}

setup({ forTests: true })
await build()

const wanted = process.argv.slice(2).length ? process.argv.slice(2) : Object.keys(steps)
const unknown = wanted.filter((name) => !steps[name])
if (unknown.length) {
  console.error(`no step named ${unknown.join(", ")}; there are: ${Object.keys(steps).join(", ")}`)
  process.exit(2)
}

const totals = { passed: 0, failed: 0, skipped: 0 }
const failedSteps = []
for (const name of wanted) {
  const startedAt = Date.now()
  console.log(`\n── ${name}`)
  const result = steps[name]()
  for (const key of Object.keys(totals)) totals[key] += result[key]
  if (result.failed) failedSteps.push(name)
  console.log(
    `── ${name}: ${result.failed ? "failed" : "ok"} in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`,
  )
}

if (failedSteps.length) console.log(`\nfailed: ${failedSteps.join(", ")}`)
console.log(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`)
process.exit(failedSteps.length ? 1 : 0)

function check(command, args) {
  const ok = spawnSync(command, args, { cwd: root, stdio: "inherit" }).status === 0
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 }
}

function vitest(project, ...more) {
  const report = join(root, `.cache/vitest-${project}.json`)
  mkdirSync(dirname(report), { recursive: true })
  rmSync(report, { force: true })
  const args = [
    "run",
    "--project",
    project,
    "--passWithNoTests",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
    ...more,
  ]
  const { status } = spawnSync(bin("vitest"), args, { cwd: root, stdio: "inherit" })
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0 }
  const counts = JSON.parse(readFileSync(report, "utf8"))
  const brokenFiles = counts.testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && !assertionResults.some((each) => each.status === "failed"),
  )
  const failed = counts.numFailedTests + brokenFiles.length
  return {
    passed: counts.numPassedTests,
    // An error outside any test (an unhandled rejection, a file that does not load) fails the run too.
    failed: status === 0 ? 0 : Math.max(failed, 1),
    skipped: counts.numPendingTests + counts.numTodoTests,
  }
}
