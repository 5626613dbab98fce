import { expect, test } from "vitest"
import { RetryAfter } from "./retry-after.ts"

test("the more are refused the later they are to come again, and sooner when that is over", () => {
  const retryAfter = new RetryAfter()
  const told: number[] = []
  for (let second = 100; second < 160; second++) {
    for (let index = 0; index < 200; index++) retryAfter.refused(second + index / 1000)
    told.push(retryAfter.seconds)
  }
  expect(told).toEqual(told.toSorted((a, b) => a - b))
  expect(new Set(told)).toEqual(new Set([1, 2, 4, 8, 16, 32]))
  for (let second = 300; second < 400; second += 2) retryAfter.refused(second)
  expect(retryAfter.seconds).toBeLessThan(5)
})

test("one now and then is told to come in a second", () => {
  const retryAfter = new RetryAfter()
  for (let second = 0; second < 100; second += 3) retryAfter.refused(second)
  expect(retryAfter.seconds).toBe(1)
})
