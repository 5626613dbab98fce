import { describe, expect, it } from "vitest"
import type { JsonSchema } from "../json-schema/json-schema.ts"
import { compileCel } from "./compile.ts"
import { declareSchema } from "./schema-type.ts"
import samples from "./testdata/schema-rules.json" with { type: "json" }

// Rules over objects with a schema as Kubernetes 1.36 judges them: the most they may cost (null: more than anybody may
// spend), whether they hold or what goes wrong, and what that costs.

type Rule = readonly [rule: string, max: number | null, outcome: boolean | string, cost: number]

interface Sample {
  readonly isResource: boolean
  readonly cardinality: number
  readonly schema: JsonSchema
  readonly value: unknown
  readonly rules: readonly Rule[]
}

const largestRequest = 3 * 1024 * 1024
const affordable = 2 ** 53

describe.each(samples as unknown as readonly Sample[])("schema %#", (sample) => {
  const declared = declareSchema(sample.schema, { name: "self", isResource: sample.isResource })!

  it("bounds how often an object may occur in a request", () => {
    expect(Math.floor(largestRequest / (declared.minBytes + 1))).toBe(sample.cardinality)
  })

  it.each(sample.rules)("judges %s", (rule, max, outcome, cost) => {
    const compiled = compileCel(rule, { variables: { self: declared.type } })
    if (!compiled.ok) expect.fail(compiled.message)
    const estimate = compiled.program.estimateCost().max
    expect(estimate < affordable ? estimate : null).toBe(max)
    const result = compiled.program.evaluate({ self: sample.value })
    expect(result.ok ? result.value : result.message).toBe(outcome)
    expect(result.cost).toBe(cost)
  })
})
