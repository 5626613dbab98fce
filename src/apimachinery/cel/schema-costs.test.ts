import { describe, expect, it } from "vitest"
import type { JsonSchema } from "../json-schema/json-schema.ts"
import { compileCel } from "./compile.ts"
import { maxCost } from "./cost/size.ts"
import { declareSchema } from "./schema-type.ts"
import schemas from "./testdata/schema-costs.json" with { type: "json" }

// How much rules over objects with a schema may cost, as Kubernetes 1.36 estimates it; null is more than anybody may spend.

interface Sample {
  readonly isResource: boolean
  readonly cardinality: number
  readonly schema: JsonSchema
  readonly rules: readonly (readonly [rule: string, max: number | null])[]
}

const largestRequest = 3 * 1024 * 1024
const affordable = 2 ** 53

describe.each(schemas as unknown as readonly Sample[])(
  "schema %#",
  ({ isResource, cardinality, schema, rules }) => {
    const declared = declareSchema(schema, { name: "self", isResource })!

    it("bounds how often an object may occur in a request", () => {
      expect(Math.floor(largestRequest / (declared.minBytes + 1))).toBe(cardinality)
    })

    it.each(rules)("estimates %s", (rule, max) => {
      const compiled = compileCel(rule, { variables: { self: declared.type } })
      if (!compiled.ok) expect.fail(compiled.message)
      const estimate = compiled.program.estimateCost().max
      expect(estimate).toBeLessThanOrEqual(maxCost)
      expect(estimate < affordable ? estimate : null).toBe(max)
    })
  },
)
