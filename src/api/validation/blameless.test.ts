import { expect, test } from "vitest"
import { Blameless } from "./blameless.ts"

test("a shape in which nothing was found is known", () => {
  const blameless = new Blameless()
  expect([...blameless.watch("good", [])]).toEqual([])
  expect(blameless.has("good")).toBe(true)
})

test("a shape with a mistake is looked at every time", () => {
  const blameless = new Blameless()
  expect([...blameless.watch("bad", ["mistake"])]).toEqual(["mistake"])
  expect(blameless.has("bad")).toBe(false)
})

test("who stops reading at the first mistake leaves nothing behind", () => {
  const blameless = new Blameless()
  for (const _ of blameless.watch("bad", ["mistake", "another"])) break
  expect(blameless.has("bad")).toBe(false)
})

test("what is kept is bounded, in number and in length", () => {
  const blameless = new Blameless()
  for (let index = 0; index < 1000; index++) void [...blameless.watch(`shape ${index}`, [])]
  expect(blameless.has("shape 0")).toBe(false)
  expect(blameless.has("shape 999")).toBe(true)
  const long = "x".repeat(100_000)
  void [...blameless.watch(long, [])]
  expect(blameless.has(long)).toBe(false)
})
