import * as fc from "fast-check"
import { expect, test } from "vitest"
import { type Action, checkHistory, type Operation } from "./check-history.ts"

let client = 0
const operation = (startMs: number, endMs: number, action: Action, key = "key"): Operation => ({
  key,
  client: client++,
  startMs,
  endMs,
  action,
})
const read = (found?: string): Action => ({ type: "read", found })
const write = (value: string): Action => ({ type: "write", value })
const swap = (from: string | undefined, to: string, succeeded?: boolean): Action => ({
  type: "swap",
  from,
  to,
  succeeded,
})
const holds = (...history: Operation[]) => checkHistory(history).linearizable

test("what happens one after the other is seen by what comes later", () => {
  expect(holds(operation(0, 1, write("a")), operation(2, 3, read("a")))).toBe(true)
  expect(holds(operation(0, 1, write("a")), operation(2, 3, read()))).toBe(false)
  expect(holds(operation(0, 1, read()), operation(2, 3, write("a")))).toBe(true)
})

test("what overlaps may have happened in either order, but in one", () => {
  expect(holds(operation(0, 9, write("a")), operation(1, 2, read()), operation(3, 4, read("a")))).toBe(true)
  expect(holds(operation(0, 9, write("a")), operation(1, 2, read("a")), operation(3, 4, read()))).toBe(false)
  const both = [operation(0, 9, write("a")), operation(0, 9, write("b"))]
  expect(holds(...both, operation(10, 11, read("a")), operation(12, 13, read("a")))).toBe(true)
  expect(holds(...both, operation(10, 11, read("a")), operation(12, 13, read("b")))).toBe(false)
})

test("one of two swaps wins", () => {
  const swaps = (first: boolean, second: boolean) =>
    holds(operation(0, 5, swap(undefined, "a", first)), operation(0, 5, swap(undefined, "b", second)))
  expect([swaps(true, false), swaps(false, true), swaps(true, true), swaps(false, false)]).toEqual([
    true,
    true,
    false,
    false,
  ])
})

test("what was never answered may have happened late, or not", () => {
  const lost = operation(0, Number.POSITIVE_INFINITY, write("lost"))
  expect(holds(lost, operation(5, 6, read()), operation(7, 8, read("lost")))).toBe(true)
  expect(holds(lost, operation(5, 6, read()), operation(7, 8, read()))).toBe(true)
  expect(holds(lost, operation(5, 6, read("lost")), operation(7, 8, read()))).toBe(false)
  const swapped = operation(0, Number.POSITIVE_INFINITY, swap(undefined, "lost"))
  expect(holds(swapped, operation(1, 2, write("a")), operation(3, 4, read("a")))).toBe(true)
})

test("keys are independent, and the verdict names the one that fails", () => {
  const history = [
    operation(0, 1, write("a"), "good"),
    operation(0, 1, write("b"), "bad"),
    operation(2, 3, read("a"), "good"),
    operation(2, 3, read("a"), "bad"),
  ]
  expect(checkHistory(history)).toMatchObject({
    linearizable: false,
    key: "bad",
    longest: [{ action: write("b") }],
    next: [{ action: read("a") }],
  })
})

test("histories made by really doing it one after the other pass; a stale read in one does not", () => {
  const step = fc.record({
    type: fc.constantFrom("read", "write", "swap"),
    value: fc.constantFrom("a", "b", "c"),
    wait: fc.nat(3),
    take: fc.nat(9),
  })
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => {
      let now = 0
      let content: string | undefined
      const history = steps.map(({ type, value, wait, take }) => {
        now += wait
        const start = now - take
        let action: Action = read(content)
        if (type === "swap") action = swap(content, value, true)
        if (type === "write") action = write(value)
        if (type !== "read") content = value
        return operation(start, now + take, action)
      })
      expect(checkHistory(history).linearizable).toBe(true)
      const end = now + 100
      const stale = operation(end, end + 1, read("never written"))
      expect(checkHistory([...history, stale]).linearizable).toBe(false)
    }),
    { seed: 3 },
  )
})
