import { describe, expect, test } from "vitest"
import { decodeMessage } from "../../../apimachinery/codec/protobuf-decoder.ts"
import { encodeMessage } from "../../../apimachinery/codec/protobuf-encoder.ts"
import { JSONSchemaProps } from "./json-schema-props.ts"

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"))

/** `{ type: "x" }` with the zero values that Go writes left out. */
const typeX = "2a 01 78"

describe("a schema in protobuf", () => {
  test.each([
    ["false where a schema may be", "f201 02 0800", { additionalProperties: false }],
    ["true", "f201 02 0801", { additionalProperties: true }],
    ["a schema, which also allows", `f201 07 0801 1203 ${typeX}`, { additionalProperties: { type: "x" } }],
    ["one schema for all elements", `c201 05 0a03 ${typeX}`, { items: { type: "x" } }],
    ["a schema for each", `c201 05 1203 ${typeX}`, { items: [{ type: "x" }] }],
    ["names", "8202 08 0a0161 1203 120162", { dependencies: { a: ["b"] } }],
    ["JSON as text", "42 04 0a02 7b7d", { default: {} }],
  ])("holds %s", (_, bytes, schema) => {
    expect(decodeMessage(JSONSchemaProps, hex(bytes))).toEqual(schema)
    expect(decodeMessage(JSONSchemaProps, encodeMessage(JSONSchemaProps, schema))).toEqual(schema)
  })

  test("is written as upstream writes it", () => {
    const written = Buffer.from(encodeMessage(JSONSchemaProps, { additionalProperties: false })).toString(
      "hex",
    )
    expect(written).toContain("f201020800")
  })
})
