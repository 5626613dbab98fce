import { describe, expect, test } from "vitest"
import { applyDefaults } from "../defaulting.ts"
import { formatFieldError } from "../field-error.ts"
import { decodeObject } from "../structural.ts"
import type { JsonSchema } from "./json-schema.ts"
import { objectSchemaOf } from "./to-schema.ts"
import { validateEmbeddedObjects } from "./validate-embedded.ts"
import { validateListTypes } from "./validate-list-types.ts"

const widget: JsonSchema = {
  type: "object",
  properties: {
    metadata: { type: "object", properties: { name: { type: "string", maxLength: 9 } } },
    spec: {
      type: "object",
      default: {},
      properties: {
        size: { type: "integer", default: 3 },
        note: { type: "string", nullable: true },
        port: { "x-kubernetes-int-or-string": true },
        free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
        any: { "x-kubernetes-preserve-unknown-fields": true },
        labels: { type: "object", additionalProperties: { type: "string" } },
        tags: { type: "array", "x-kubernetes-list-type": "set", items: { type: "string" } },
        parts: {
          type: "array",
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["name", "role"],
          items: {
            type: "object",
            properties: { name: { type: "string" }, role: { type: "string", default: "main" } },
          },
        },
        template: {
          type: "object",
          "x-kubernetes-embedded-resource": true,
          "x-kubernetes-preserve-unknown-fields": true,
        },
      },
    },
  },
}
const schema = objectSchemaOf(widget)
const meta = { apiVersion: "example.com/v1", kind: "Widget", metadata: { name: "w" } }

function decodeSpec(spec: unknown) {
  const errors: string[] = []
  return { spec: decodeObject(schema, { ...meta, spec }, errors)["spec"], errors }
}

describe("a custom resource decoded by its definition's schema", () => {
  test("loses what the schema does not know", () => {
    const spec = { size: 1, bogus: 2, parts: [{ name: "a", other: 1 }] }
    expect(decodeSpec(spec)).toEqual({
      spec: { size: 1, parts: [{ name: "a" }] },
      errors: ['unknown field "spec.bogus"', 'unknown field "spec.parts[0].other"'],
    })
  })

  test("keeps what it is told to keep", () => {
    const spec = {
      free: { a: { b: null } },
      any: [{ a: 1 }, null],
      template: { kind: "Pod", apiVersion: "v1", spec: { x: 1 } },
    }
    expect(decodeSpec(spec)).toEqual({ spec, errors: [] })
  })

  test("loses nulls unless they may be", () => {
    const spec = { size: null, note: null, labels: { a: null, b: "x" }, tags: null }
    expect(decodeSpec(spec).spec).toEqual({ note: null, labels: { b: "x" } })
  })

  test("does not change values, of whatever type", () => {
    const spec = { size: "3", port: "http", tags: {}, labels: [1] }
    expect(decodeSpec(spec)).toEqual({ spec, errors: [] })
  })

  test("has typed metadata", () => {
    const object = { ...meta, metadata: { name: "w", bogus: 1, creationTimestamp: null, labels: {} } }
    expect(decodeObject(schema, object)["metadata"]).toEqual({ name: "w" })
  })

  test("gets its defaults, in objects that are themselves defaults too", () => {
    expect(applyDefaults(schema, { ...meta })).toEqual({ ...meta, spec: { size: 3 } })
    expect(applyDefaults(schema, { ...meta, spec: { parts: [{ name: "a" }] } })).toMatchObject({
      spec: { parts: [{ name: "a", role: "main" }] },
    })
  })
})

test("lists keep the promise of their type", () => {
  const spec = {
    tags: ["a", "b", "a", "a"],
    parts: [{ name: "a", role: "x" }, { name: "a" }, { role: "x", name: "a" }],
  }
  expect(validateListTypes(widget, { spec }).map(formatFieldError)).toEqual([
    'spec.tags[2]: Duplicate value: "a"',
    'spec.parts[2]: Duplicate value: {"name":"a","role":"x"}',
  ])
  expect(validateListTypes(widget, { spec: { parts: [1] } }).map(formatFieldError)).toEqual([
    "spec.parts[0]: Invalid value: 1: must be an object for an array of list-type map",
  ])
})

test("an object within has a kind and sound metadata", () => {
  const template = { kind: "My_Kind", metadata: { labels: { a: "not valid!" } } }
  const errors = validateEmbeddedObjects(widget, { spec: { template } }).map(formatFieldError)
  expect(errors[0]).toBe("spec.template.apiVersion: Required value")
  expect(errors[1]).toMatch(/^spec\.template\.kind: Invalid value: "My_Kind": may have mixed case/)
  expect(errors[2]).toMatch(/^spec\.template\.metadata\.labels: Invalid value: "not valid!"/)
  expect(errors).toHaveLength(3)
})
