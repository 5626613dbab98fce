import { describe, expect, it } from "vitest"
import { compileCel } from "./compile.ts"
import transcript from "./testdata/transcript.json" with { type: "json" }
import { describeType, dynType, intType, listOf, mapOf, namedType, stringType } from "./types/cel-type.ts"
import { elementsOf } from "./values/collections.ts"
import { formatDouble } from "./values/format-value.ts"
import { type CelResult, isList, UInt } from "./values/value.ts"

// What Kubernetes 1.36 answers to each expression, in its base environment: results, errors to the letter, the estimated
// and the charged cost.

interface Case {
  readonly expression: string
  readonly refused?: string
  readonly type?: string
  readonly estimate?: readonly number[]
  readonly cost?: number
  readonly value?: string
  readonly error?: string
}

const variables = {
  self: dynType,
  x: dynType,
  authorizer: namedType("kubernetes.authorization.Authorizer"),
  ints: listOf(intType),
  strs: listOf(stringType),
  m: mapOf(stringType, intType),
  s: stringType,
  i: intType,
}

const cases = transcript.cases as readonly Case[]

describe("expressions as Kubernetes answers them", () => {
  it.each(cases.map((each) => [each.expression, each] as const))("%s", (expression, wanted) => {
    const compiled = compileCel(expression, { variables })
    if (wanted.refused !== undefined) {
      expect(compiled).toEqual({ ok: false, message: wanted.refused })
      return
    }
    if (!compiled.ok) expect.fail(compiled.message)
    const { program } = compiled
    expect(describeType(program.resultType)).toBe(wanted.type)
    const { min, max } = program.estimateCost()
    if (wanted.estimate) expect([min, max]).toEqual(wanted.estimate)
    const result = program.evaluate(transcript.bindings)
    expect(result.cost).toBe(wanted.cost)
    expect(result.ok ? undefined : result.message).toBe(wanted.error)
    if (wanted.value !== undefined) expect(result.ok && show(result.value)).toBe(wanted.value)
  })
})

function show(value: CelResult): string {
  if (typeof value === "bigint") return String(value)
  if (typeof value === "number") return Number.isNaN(value) ? "nan" : `double(${formatDouble(value)})`
  if (typeof value === "string") return JSON.stringify(value)
  if (typeof value === "boolean") return `bool(${value})`
  if (value instanceof UInt) return `${value.value}u`
  if (value instanceof Uint8Array) return `b${JSON.stringify(new TextDecoder().decode(value))}`
  return isList(value) ? `[${Array.from(elementsOf(value), show).join(", ")}]` : "something else"
}
