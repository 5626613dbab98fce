import { spawn } from "node:child_process"
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { claim, dataDirectory, findOwner, release, wasAbandoned, writeState } from "./data-directory.ts"

let path: string
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), "coracle-data-"))
})
afterEach(() => rmSync(path, { recursive: true, force: true }))

test("a directory has one owner, and none after it was released", () => {
  const directory = dataDirectory(path)
  claim(directory)
  expect(findOwner(directory)).toBe(process.pid)
  release(directory)
  expect(findOwner(directory)).toBeUndefined()
  expect(wasAbandoned(directory)).toBe(false)
})

test("a second process is refused with the first one's id and what to do", () => {
  const directory = dataDirectory(path)
  const other = spawn("sleep", ["30"])
  try {
    writeFileSync(directory.pidFile, `${other.pid}\n`)
    expect(() => claim(directory)).toThrow(new RegExp(`process ${other.pid}\\): stop it with`))
  } finally {
    other.kill()
  }
})

test("a process id that was given to somebody else since is not the owner", () => {
  const directory = dataDirectory(path)
  writeFileSync(directory.pidFile, "1\n999999999999\n")
  expect(findOwner(directory)).toBeUndefined()
  expect(wasAbandoned(directory)).toBe(true)
  claim(directory)
  expect(findOwner(directory)).toBe(process.pid)
})

test("the state file is for the owner's eyes", () => {
  const directory = dataDirectory(path)
  writeState(directory, { server: "https://127.0.0.1:6443", startedAt: "", nodes: [] })
  expect(statSync(directory.stateFile).mode & 0o777).toBe(0o600)
})
