import { expect, it } from "vitest"
import { SimulatedClock } from "../base/simulated/clock.ts"
import { LeaderHealth } from "./leader-health.ts"

const durationMs = 15_000

it("fails for a leader that goes on long after its lease ran out, not for whoever waits", async () => {
  const clock = new SimulatedClock()
  const health = new LeaderHealth(clock)
  const isWell = () => {
    try {
      health.check()
      return true
    } catch (error) {
      expect(String(error)).toBe("Error: failed election to renew leadership on lease manager")
      return false
    }
  }
  expect(isWell()).toBe(true)
  health.saw({ name: "manager", isOurs: false, durationMs })
  await clock.advance(60_000)
  expect(isWell()).toBe(true)
  health.saw({ name: "manager", isOurs: true, durationMs })
  await clock.advance(35_000)
  expect(isWell()).toBe(true)
  await clock.advance(1)
  expect(isWell()).toBe(false)
  health.saw({ name: "manager", isOurs: true, durationMs })
  expect(isWell()).toBe(true)
})
