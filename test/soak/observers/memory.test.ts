import { expect, it } from "vitest"
import { grows } from "../report.ts"
import { type MemorySample, trendsOf } from "./memory.ts"

/** A life of so many minutes, sampled three times a minute. */
const life = (pid: number, fromMinute: number, minutes: number, heapMiB: (minute: number) => number) =>
  Array.from({ length: minutes * 3 }, (_, index): MemorySample => {
    const atMinutes = fromMinute + index / 3
    const noise = (index % 3) - 1
    return { process: "node", pid, atMinutes, rssMiB: 0, heapMiB: heapMiB(atMinutes) + noise, openFiles: 0 }
  })

it("what levels off after it has begun does not grow", () => {
  const [trend] = trendsOf(
    life(1, 30, 30, (minute) => 100 + Math.min(minute - 30, 8) * 10),
    10,
  )
  expect(trend).toMatchObject({ process: "node", samples: 60 })
  expect(grows(trend!)).toBe(false)
})

it("what goes on growing does", () => {
  const [trend] = trendsOf(
    life(1, 30, 30, (minute) => 100 + minute),
    10,
  )
  expect(trend!.fit!.slope * 60).toBeCloseTo(60, 0)
  expect(grows(trend!)).toBe(true)
})

it("is told by the longest life, and not by a short one", () => {
  const lives = [...life(1, 0, 20, () => 100), ...life(2, 20, 6, (minute) => 100 + 10 * minute)]
  expect(trendsOf(lives, 5)).toMatchObject([{ minutes: expect.closeTo(14.7, 1) }])
  expect(grows(trendsOf(lives.slice(60), 1)[0]!)).toBe(false)
})
