import { describe, expect, it } from "vitest"
import { compileCel } from "./compile.ts"
import { declareSchema } from "./schema-type.ts"
import { dynType } from "./types/cel-type.ts"

const self = declareSchema(
  {
    type: "object",
    required: ["replicas"],
    properties: {
      replicas: { type: "integer" },
      "x-prefix": { type: "string", maxLength: 10 },
      share: { type: "number" },
      names: { type: "array", items: { type: "string" }, "x-kubernetes-list-type": "set" },
      port: { "x-kubernetes-int-or-string": true },
    },
  },
  { name: "self", isResource: true },
)

function evaluate(source: string, object: unknown): unknown {
  const compiled = compileCel(source, { variables: { self: self?.type ?? dynType } })
  if (!compiled.ok) return compiled.message
  const result = compiled.program.evaluate({ self: object })
  return result.ok ? result.value : result.message
}

describe("expressions over objects with a schema", () => {
  it("sees declared fields with their declared types", () => {
    expect(evaluate("self.replicas <= 5 && self.share * 2.0 == 3.0", { replicas: 3, share: 1.5 })).toBe(true)
    expect(evaluate("self.share", { replicas: 3, share: 1 })).toBe(1)
  })

  it("sees names that are no identifiers in their escaped form", () => {
    expect(evaluate("self.x__dash__prefix.startsWith('a')", { "x-prefix": "abc" })).toBe(true)
  })

  it("always sees the name of a resource", () => {
    expect(evaluate("self.metadata.name", { metadata: { name: "one", labels: {} } })).toBe("one")
  })

  it("compares sets without regard to their order", () => {
    expect(evaluate("self.names == ['b', 'a']", { names: ["a", "b"] })).toBe(true)
  })

  it("knows of int-or-string only at run time what it is", () => {
    expect(evaluate("type(self.port) == string ? self.port : string(self.port)", { port: 80 })).toBe("80")
  })

  it("refuses fields that are not declared, and shows the place", () => {
    expect(evaluate("self.replica > 1", {})).toBe(
      "ERROR: <input>:1:5: undefined field 'replica'\n | self.replica > 1\n | ....^",
    )
  })

  it("answers what went wrong", () => {
    expect(evaluate("self.replicas > 1", {})).toBe("no such key: replicas")
    expect(evaluate("self.replicas / 0 > 1", { replicas: 1 })).toBe("division by zero")
  })

  it("stops at the limit of cost", () => {
    const compiled = compileCel("[1, 2, 3].map(x, x + 1).size() == 3", { variables: {} })
    expect(compiled.ok && compiled.program.evaluate({}, { costLimit: 5 })).toMatchObject({
      ok: false,
      kind: "cost",
    })
  })
})
