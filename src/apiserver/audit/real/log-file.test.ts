import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { silentLogger } from "../../../base/log.ts"
import { SimulatedClock } from "../../../base/simulated/clock.ts"
import type { AuditEvent } from "../event.ts"
import { auditLogFile } from "./log-file.ts"

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "audit-"))
})
afterEach(() => rmSync(directory, { recursive: true }))

const event = (auditID: string) => ({ auditID }) as AuditEvent

test("events are lines of a file that nobody else may read", async () => {
  const clock = new SimulatedClock()
  const path = join(directory, "logs/audit.log")
  const sink = auditLogFile({ path, clock, log: silentLogger })
  sink.write(event("a"))
  await clock.advance(0)
  sink.write(event("b"))
  await sink.close()
  expect(readFileSync(path, "utf8")).toBe('{"auditID":"a"}\n{"auditID":"b"}\n')
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test("a full file is put aside; old ones go by number and by age", async () => {
  const clock = new SimulatedClock(Date.UTC(2026, 0, 1))
  const path = join(directory, "audit.log")
  const sink = auditLogFile({ path, maxMegabytes: 1, maxBackups: 2, maxAgeDays: 1, clock, log: silentLogger })
  for (const id of ["a", "b", "c", "d"]) {
    sink.write(event(id.repeat(600_000)))
    await clock.advance(1000)
  }
  expect(readdirSync(directory).sort()).toEqual([
    "audit-2026-01-01T00-00-02.000.log",
    "audit-2026-01-01T00-00-03.000.log",
    "audit.log",
  ])
  await clock.advance(24 * 3600_000 + 500)
  sink.write(event("e".repeat(600_000)))
  await sink.close()
  expect(readdirSync(directory).sort()).toEqual(["audit-2026-01-02T00-00-04.500.log", "audit.log"])
})
