import { describe, expect, test } from "vitest"
import { limit } from "./warnings.ts"

describe("warnings of one answer", () => {
  test("are told in full up to 4096 characters", () => {
    const texts = ["a".repeat(4000), "b".repeat(96)]
    expect(limit(texts)).toEqual(texts)
  })

  test("beyond that, each is cut to 256 and as many are told as there is room for", () => {
    const texts = Array.from({ length: 30 }, (_, index) => `${index}`.padEnd(300, "."))
    const limited = limit(texts)
    expect(limited).toHaveLength(16)
    expect(limited[3]).toBe(texts[3]!.slice(0, 256))
  })
})
