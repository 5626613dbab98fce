import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { always, field, int32, list, mapOf, message, rawExtension, string } from "../schema.ts"
import { objectPlan } from "../schema-plan.ts"
import { zeroOf } from "../scalars.ts"
import { decodeObject } from "../structural.ts"
import { compare } from "./compare.ts"
import { fieldsOfNew } from "./fields-of-new.ts"

const Port = message("v1.Port", {
  port: always(1, int32),
  protocol: field(2, string, { default: "TCP" }),
  labels: field(3, mapOf(string)),
})
const Thing = message("v1.Thing", {
  name: field(1, string),
  ports: field(2, list(Port, { keys: ["port", "protocol"] })),
  finalizers: always(3, list(string, { type: "set" })),
  args: field(4, list(string)),
  selector: field(5, mapOf(string, { atomic: true })),
  annotations: always(6, mapOf(string)),
  port: always(7, Port),
  raw: field(8, rawExtension),
  count: always(9, int32),
})
const plan = objectPlan(Thing)

const text = fc.constantFrom("", "a", "b")
const small = fc.integer({ min: 0, max: 2 })
const map = fc.dictionary(fc.constantFrom("x", "y", "__proto__", "."), text)
const port = fc.record(
  { port: small, protocol: fc.constantFrom("TCP", "UDP"), labels: map },
  { requiredKeys: [] },
)
const thing = fc.record(
  {
    name: text,
    ports: fc.array(port, { maxLength: 3 }),
    finalizers: fc.array(text, { maxLength: 3 }),
    args: fc.array(text, { maxLength: 2 }),
    selector: map,
    annotations: map,
    port,
    raw: fc.dictionary(text, text),
    count: small,
  },
  { requiredKeys: [] },
)

describe("the fields of a new object", () => {
  test("are what differs from Go's zero, whatever was read before", () => {
    fc.assert(
      fc.property(thing, (given) => {
        const object = decodeObject(Thing, given)
        const zero = zeroOf(plan)
        const wanted = compare(plan, zero, object)?.set
        expect(JSON.stringify(fieldsOfNew(plan, zero, object))).toBe(JSON.stringify(wanted))
      }),
      { numRuns: 2000 },
    )
  })

  test("are one set for objects of one shape", () => {
    const fields = (name: string) => {
      const object = decodeObject(Thing, { name, ports: [{ port: 1, labels: { x: name } }] })
      return fieldsOfNew(plan, zeroOf(plan), object)
    }
    expect(fields("b")).toBe(fields("a"))
  })
})
