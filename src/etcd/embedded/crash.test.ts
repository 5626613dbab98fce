/**
 * Kills a writing process with SIGKILL at random moments and looks at what it left: every acknowledged write is there,
 * no transaction is there by half, and the store opens without a complaint. `CORACLE_CRASH_ROUNDS` makes it longer.
 */
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { buildSync } from "esbuild"
import { expect, test } from "vitest"
import { integer } from "../../base/random.ts"
import { SeededRandom } from "../../base/simulated/random.ts"
import { plain } from "../contract/harness.ts"
import type { EmbeddedStore } from "./embedded-store.ts"
import { TestDirectory } from "./test-directory.ts"

const rounds = Number(process.env["CORACLE_CRASH_ROUNDS"] ?? 20)
const writers = 8

/** The last number that each writer is known to have written. */
type Known = Map<number, number>

/** Runs the writer until it has been at work for `lifeMs`; tells what it has acknowledged, by writer. */
function runAndKill(script: string, directory: string, lifeMs: number): Promise<Known> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, directory, String(writers)], {
      stdio: ["ignore", "pipe", "inherit"],
    })
    let output = ""
    child.stdout.on("data", (text: Buffer) => {
      if (output === "") setTimeout(() => child.kill("SIGKILL"), lifeMs)
      output += text.toString("latin1")
    })
    child.on("close", (code, signal) => {
      if (signal !== "SIGKILL") return reject(new Error(`the writer ended by itself with code ${code}`))
      const acknowledged: Known = new Map()
      // What follows the last line break was being printed: it counts for nothing.
      for (const line of output.split("\n").slice(0, -1)) {
        const [writer = 0, number = 0] = line.split(" ").map(Number)
        acknowledged.set(writer, number)
      }
      resolve(acknowledged)
    })
  })
}

/** Brings `known` up to date with what is found. */
async function check(store: EmbeddedStore, known: Known): Promise<void> {
  for (const [writer, number] of known) {
    const read = async (name: string) => plain((await store.range({ key: `${name}-${writer}` })).kvs[0])
    const left = await read("left")
    const found = Number(left?.value)
    // At most the one write that was under way when the process ended may have come through in addition.
    expect([number, number + 1]).toContain(found)
    expect(await read("right")).toMatchObject({ value: left!.value, modRevision: left!.modRevision })
    const churn = await read("churn")
    expect(churn?.value).toBe(found % 2 === 0 ? undefined : String(found))
    if (churn !== undefined) expect(churn.modRevision).toBe(left!.modRevision)
    known.set(writer, found)
  }
  const { revision, compactRevision } = store.stats()
  for (let at = compactRevision || 1; at <= revision; at += 17) {
    const { kvs } = await store.range({ key: "left-", rangeEnd: "left.", revision: at })
    const { kvs: right } = await store.range({ key: "right-", rangeEnd: "right.", revision: at })
    expect(right.map((kv) => kv.modRevision)).toEqual(kvs.map((kv) => kv.modRevision))
  }
}

test(`a process killed ${rounds} times loses nothing`, { timeout: 30_000 + rounds * 2000 }, async () => {
  const scripts = mkdtempSync(join(tmpdir(), "coracle-crash-"))
  const script = join(scripts, "writer.mjs")
  const entry = fileURLToPath(new URL("crash-writer.ts", import.meta.url))
  const external = ["vitest", "fast-check"]
  buildSync({
    entryPoints: [entry],
    outfile: script,
    bundle: true,
    platform: "node",
    format: "esm",
    external,
  })
  const random = new SeededRandom("crash")
  const directory = new TestDirectory()
  const known: Known = new Map()
  let newBases = 0
  let revisions = 0
  for (let round = 0; round < rounds; round++) {
    const acknowledged = await runAndKill(script, directory.path, integer(random, 300))
    for (const [writer, number] of acknowledged) known.set(writer, number)
    expect(acknowledged.size).toBeGreaterThan(0)
    newBases += directory.files("base").length
    const store = await directory.open()
    await check(store, known)
    revisions = store.stats().revision
    await store.close()
  }
  // The test tested: there was a lot to lose, and log files came and went.
  expect(revisions).toBeGreaterThan(rounds * 50)
  expect(newBases).toBeGreaterThan(0)
  await directory.remove()
  rmSync(scripts, { recursive: true })
})
