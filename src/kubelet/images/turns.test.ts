import { expect, it } from "vitest"
import { Turns } from "./turns.ts"

it("lets so many work at once, and the others in turn, whatever becomes of those before", async () => {
  const turns = new Turns(2)
  const ends: (() => void)[] = []
  const began: number[] = []
  const work = (number: number) =>
    turns.take(async () => {
      began.push(number)
      await new Promise<void>((resolve) => ends.push(resolve))
      if (number === 0) throw new Error("failed")
    })
  const all = Promise.allSettled([0, 1, 2, 3].map(work))
  await Promise.resolve()
  expect(began).toEqual([0, 1])
  ends[0]!()
  await expect.poll(() => began).toEqual([0, 1, 2])
  ends[1]!()
  await expect.poll(() => began).toEqual([0, 1, 2, 3])
  ends[2]!()
  ends[3]!()
  expect((await all).map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled", "fulfilled"])
})
