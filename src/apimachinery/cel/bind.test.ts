import { expect, it } from "vitest"
import { compileCel } from "./compile.ts"
import { intType } from "./types/cel-type.ts"

function run(source: string, hasBind = true): unknown {
  const compiled = compileCel(source, { variables: { i: intType }, hasBind })
  if (!compiled.ok) return compiled.message
  const result = compiled.program.evaluate({ i: 1 })
  return result.ok ? [result.value, result.cost] : result.message
}

it("gives values a name, which may hide another", () => {
  expect(run("cel.bind(a, i + 1, a * a)")).toEqual([4n, 5])
  expect(run("cel.bind(i, 5, i)")).toEqual([5n, 1])
  expect(run("cel.bind(a, cel.bind(b, i, b + 1), a + i)")).toEqual([3n, 6])
})

it("makes a value only where it is read, and once", () => {
  expect(run("cel.bind(a, 1 / 0, i)")).toEqual([1n, 1])
  expect(run("[1, 2].map(x, cel.bind(y, x + i, y + y))")).toEqual([expect.anything(), 37])
})

it("is there only for those who ask", () => {
  expect(run("cel.bind(a, 1, a)", false)).toContain("undeclared reference to 'cel'")
  expect(run("cel.bind(a.b, 1, 2)")).toContain("cel.bind() variable names must be simple identifiers")
})
