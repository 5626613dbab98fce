import { mkdtemp, open, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it } from "vitest"
import { rotateLog } from "./rotate-logs.ts"
import { tailOffset } from "./tail-offset.ts"

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "coracle-logs-"))
})
afterEach(() => rm(directory, { recursive: true }))

it("puts a log aside when it is too big, keeping no more than five files", async () => {
  const path = join(directory, "0.log")
  for (let day = 1; day <= 8; day++) {
    await writeFile(path, `day ${day} ${"x".repeat(100)}`)
    const reopen = () => writeFile(path, "")
    const now = Date.UTC(2026, 0, day)
    expect(await rotateLog(path, { maxBytes: 100, maxFiles: 5, now, reopen })).toBe(true)
  }
  expect((await readdir(directory)).sort()).toEqual([
    "0.log",
    "0.log.20260105-000000.gz",
    "0.log.20260106-000000.gz",
    "0.log.20260107-000000.gz",
    "0.log.20260108-000000",
  ])
  expect(await rotateLog(path, { maxBytes: 100, maxFiles: 5, now: 0, reopen: async () => {} })).toBe(false)
})

it("leaves the log where it was when the runtime does not open a new one", async () => {
  const path = join(directory, "0.log")
  await writeFile(path, "x".repeat(200))
  const reopen = () => Promise.reject(new Error("no"))
  await expect(rotateLog(path, { maxBytes: 100, maxFiles: 5, now: 0, reopen })).rejects.toThrow("no")
  expect((await readFile(path)).length).toBe(200)
})

it.each([
  [0, "a\nbb\nccc\n", 9],
  [1, "a\nbb\nccc\n", 5],
  [2, "a\nbb\nccc\n", 2],
  [3, "a\nbb\nccc\n", 0],
  [9, "a\nbb\nccc\n", 0],
  [1, "a\nbb\nccc", 5],
])("finds the last %i lines of %j at byte %i", async (lines, text, offset) => {
  const path = join(directory, "log")
  await writeFile(path, text)
  const file = await open(path)
  expect(await tailOffset(file, lines)).toBe(offset)
  await file.close()
})

it("finds them in a file of many pieces", async () => {
  const path = join(directory, "log")
  const text = Array.from({ length: 50_000 }, (_, index) => `line ${index}\n`).join("")
  await writeFile(path, text)
  const file = await open(path)
  const tail = text.slice(await tailOffset(file, 20_000))
  await file.close()
  expect(tail.startsWith("line 30000\n")).toBe(true)
})
