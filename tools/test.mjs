// `npm test`: sets up what is missing, then runs every check, cheapest first. All of them run even when one fails; the
// closing line counts them: a check such as the type checker counts as one test. The simulation only computes, and the steps
// with containers mostly wait: it runs behind them with what they leave of the processors, and speaks when they are done.
//
//   npm test                      everything
//   npm test -- unit conformance  only these steps
import { spawn } from "node:child_process"
import { existsSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs"
import { constants, setPriority } from "node:os"
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
  machine: () => vitest("machine"),
  conformance: () => vitest("conformance", "--reporter=./test/conformance/reporter.ts"),
  e2e: () => vitest("e2e"),
  simulation: () => check(...simulation),
}
const mostlyWait = new Set(["machine", "conformance", "e2e"])
const simulation = [process.execPath, ["tools/simulate.mjs", "--seeds", "1000"]]
const children = new Set()
let endedBy
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => end(signal))

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
let behind
for (const name of Object.keys(steps).filter((each) => wanted.includes(each))) {
  if (mostlyWait.has(name) && wanted.includes("simulation")) behind ??= checkBehind(...simulation)
  const startedAt = Date.now()
  console.log(`\n── ${name}`)
  const result = await (name === "simulation" && behind ? behind() : steps[name]())
  if (endedBy) process.kill(process.pid, endedBy)
  for (const key of Object.keys(totals)) totals[key] += result[key]
  if (result.failed) failedSteps.push(name)
  console.log(
    `── ${name}: ${result.failed ? "failed" : "ok"} in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`,
  )
}

if (failedSteps.length) console.log(`\nfailed: ${failedSteps.join(", ")}`)
console.log(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`)
process.exit(failedSteps.length ? 1 : 0)

async function check(command, args) {
  const ok = (await run(command, args)) === 0
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 }
}

/** Runs it with what others leave of the processors. The result waits for its end, and shows what it said. */
function checkBehind(command, args) {
  const said = join(root, ".cache/behind.log")
  mkdirSync(dirname(said), { recursive: true })
  const file = openSync(said, "w")
  const ended = run(command, args, {
    stdio: ["ignore", file, file],
    priority: constants.priority.PRIORITY_BELOW_NORMAL,
  })
  return async () => {
    const ok = (await ended) === 0
    process.stdout.write(readFileSync(said, "utf8"))
    return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 }
  }
}

/** Its exit code; null when it did not come to that. */
function run(command, args, { stdio = "inherit", priority } = {}) {
  const child = spawn(command, args, { cwd: root, stdio })
  children.add(child)
  if (priority !== undefined) setPriority(child.pid, priority)
  return new Promise((resolve) => {
    child.once("error", (error) => {
      console.error(error.message)
      resolve(null)
    })
    child.once("exit", (code) => resolve(code))
  }).finally(() => children.delete(child))
}

/** What was started ends too, and in order: Ctrl-C has reached it already, and a second one would be meant as haste. */
function end(signal) {
  endedBy = signal
  if (signal !== "SIGINT") for (const child of children) child.kill(signal)
}

async function vitest(project, ...more) {
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
  const status = await run(bin("vitest"), args)
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
