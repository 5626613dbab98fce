import { expect, it } from "vitest"
import { type CrashBackoff, raiseBackoff, restartAllowedAtMs } from "./crash-backoff.ts"

it("waits not at all, then 10 s, doubling to 5 minutes, counted from the end", () => {
  let backoff: CrashBackoff | undefined
  let now = 0
  const waits: number[] = []
  for (let restart = 0; restart < 8; restart++) {
    const finished = now + 1000
    const allowed = restartAllowedAtMs(backoff, finished)
    waits.push((allowed - finished) / 1000)
    backoff = raiseBackoff(backoff, finished, allowed)
    now = allowed
  }
  expect(waits).toEqual([0, 10, 20, 40, 80, 160, 300, 300])
})

it("begins anew for a container that ran for ten minutes", () => {
  const backoff = { delayMs: 160_000, raisedAtMs: 0 }
  expect(restartAllowedAtMs(backoff, 600_000)).toBe(760_000)
  expect(restartAllowedAtMs(backoff, 600_001)).toBe(600_001)
  expect(raiseBackoff(backoff, 600_001, 600_001).delayMs).toBe(10_000)
})
