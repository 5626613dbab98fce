import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { silentLogger } from "../base/log.ts"
import { SimulatedClock } from "../base/simulated/clock.ts"
import { formatMetrics } from "../base/metrics.ts"
import { followFile } from "./changing.ts"
import { ReloadMetrics } from "./reload-metrics.ts"

const clock = new SimulatedClock()
let directory: string
let path: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "follow-"))
  path = join(directory, "file")
})
afterEach(() => rmSync(directory, { recursive: true }))

const parse = (text: string) => {
  if (!text.endsWith("!")) throw new Error("half written")
  return text
}

test("a file that changes is read anew; one that is no good changes nothing", async () => {
  writeFileSync(path, "one!")
  const { changing, timer } = await followFile(path, parse, { clock, log: silentLogger })
  const told: string[] = []
  changing.onChange((value) => told.push(value))
  await clock.advance(30_000)
  writeFileSync(path, "two")
  await clock.advance(11_000)
  expect(changing.value).toBe("one!")
  writeFileSync(path, "two!")
  await clock.advance(11_000)
  rmSync(path)
  await clock.advance(11_000)
  expect(told).toEqual(["two!"])
  timer.cancel()
  writeFileSync(path, "three!")
  await clock.advance(30_000)
  expect(changing.value).toBe("two!")
})

test("what became of changes is counted", async () => {
  writeFileSync(path, "one!")
  const reloads = new ReloadMetrics(clock, "here")
  const reloaded = reloads.of("authorization")
  const { timer } = await followFile(path, parse, { clock, log: silentLogger, reloaded })
  for (const text of ["two", "two!", "three!"]) {
    writeFileSync(path, text)
    await clock.advance(11_000)
  }
  timer.cancel()
  const name = "apiserver_authorization_config_controller_automatic_reload"
  const told = formatMetrics(reloads.metrics)
  expect(told).toMatch(
    new RegExp(`^${name}s_total\\{status="success",apiserver_id_hash="sha256:\\w{64}"\\} 2$`, "m"),
  )
  expect(told).toMatch(new RegExp(`^${name}s_total\\{status="failure",.*\\} 1$`, "m"))
  expect(told).toMatch(new RegExp(`^${name}_last_timestamp_seconds\\{status="success",.*\\} \\d+`, "m"))
})

test("a file that is no good at first is an error", async () => {
  writeFileSync(path, "one")
  await expect(followFile(path, parse, { clock, log: silentLogger })).rejects.toThrow("half written")
})
