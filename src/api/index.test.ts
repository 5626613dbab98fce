import { describe, expect, it } from "vitest"
import { groupResource } from "../apimachinery/resource.ts"
import { type ObjectSchema, resolve, type SchemaRef } from "../apimachinery/schema.ts"
import { bodyKinds, builtInResources } from "./index.ts"

/** Every message that can be reached from a built-in kind. */
function allMessages(): Set<ObjectSchema> {
  const messages = new Set<ObjectSchema>()
  const visit = (ref: SchemaRef): void => {
    const schema = resolve(ref)
    if (schema.kind === "list") visit(schema.element)
    if (schema.kind === "map") visit(schema.value)
    if (schema.kind !== "object" || messages.has(schema)) return
    messages.add(schema)
    for (const field of Object.values(schema.fields)) visit(field.schema)
  }
  for (const { schema } of [...builtInResources, ...bodyKinds]) visit(schema)
  return messages
}

describe("built-in resources", () => {
  it("are each served under one path and one kind", () => {
    const paths = builtInResources.map(({ group, version, plural }) => `${group}/${version}/${plural}`)
    const kinds = builtInResources.map(({ group, version, kind }) => `${group}/${version}/${kind}`)
    expect(new Set(paths).size).toBe(paths.length)
    expect(new Set(kinds).size).toBe(kinds.length)
  })

  it("are stored as a version that is served", () => {
    for (const resource of builtInResources.filter((each) => each.storedAs)) {
      const { storedAs, kind } = resource
      const stored = builtInResources.find(
        (each) => each.kind === kind && each.group === storedAs?.group && each.version === storedAs.version,
      )
      expect(stored, groupResource(resource)).toBeDefined()
      expect(stored?.storedAs).toBeUndefined()
      expect(stored?.storagePrefix).toBe(resource.storagePrefix)
    }
  })

  it("number their protobuf fields without a clash", () => {
    for (const message of allMessages()) {
      const numbered = Object.values(message.fields).filter((field) => field.number !== undefined)
      const paths = numbered.map((field) => [...(field.via ?? []), field.number].join("."))
      expect(new Set(paths).size, message.name).toBe(paths.length)
    }
  })

  it("name each definition once", () => {
    const byName = new Map<string, ObjectSchema>()
    for (const message of allMessages()) {
      const fields = Object.keys(message.fields)
      const known = byName.get(message.name ?? "")
      if (known) expect(Object.keys(known.fields), message.name).toEqual(fields)
      byName.set(message.name ?? "", message)
    }
  })
})
