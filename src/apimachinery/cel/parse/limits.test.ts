import { describe, expect, it } from "vitest"
import { compileCel } from "../compile.ts"
import { dynType, intType } from "../types/cel-type.ts"

function compile(source: string): string {
  const compiled = compileCel(source, { variables: { self: dynType, i: intType } })
  return compiled.ok ? "" : compiled.message
}

const tooDeep = "ERROR: <input>:-1:0: max recursion depth exceeded"
const tooNested = "ERROR: <input>:-1:0: expression recursion limit exceeded: 250"

describe("hostile sources", () => {
  it("may be as deep as upstream lets them be", () => {
    expect(compile(Array(251).fill("1").join("+"))).toBe("")
    expect(compile(Array(252).fill("1").join("+"))).toBe(tooDeep)
    expect(compile(`self${".a".repeat(250)}`)).toBe("")
    expect(compile(`self${".a".repeat(251)}`)).toBe(tooDeep)
    expect(compile(`${"(".repeat(249)}1${")".repeat(249)}`)).toBe("")
    expect(compile(`${"(".repeat(250)}1${")".repeat(250)}`)).toBe(tooNested)
    expect(compile(Array(400).fill("true").join(" && "))).toBe("")
  })

  it("are refused, and not fatal, when they are far beyond", () => {
    expect(compile(Array(49_000).fill("1").join("+"))).toBe(tooDeep)
    expect(compile(`self${".a".repeat(49_000)}`)).toBe(tooDeep)
    expect(compile("(".repeat(90_000))).toBe(tooNested)
    expect(compile("1".repeat(100_001))).toContain("expression code point size exceeds limit")
  })

  it("do not grow without bound when macros repeat their target", () => {
    const chain = ".optMap(x, x)".repeat(30)
    expect(compile(`optional.of(i)${chain}`)).toBe(
      "ERROR: <input>:-1:0: expression is too large when its macros are expanded",
    )
  })
})
