import { duplicateValue, type FieldError, invalidValue } from "../field-error.ts"
import type { FieldPath } from "../field-path.ts"
import { isRecord } from "../schema-plan.ts"
import type { JsonSchema } from "./json-schema.ts"
import { partsOf } from "./parts.ts"

/** Whether lists keep what their `x-kubernetes-list-type` promises: a set has no equal elements, a map no equal keys. */
export function validateListTypes(schema: JsonSchema, value: unknown): FieldError[] {
  const errors: FieldError[] = []
  for (const part of partsOf(schema, value)) {
    if (!Array.isArray(part.value)) continue
    const type = part.schema["x-kubernetes-list-type"]
    if (type === "set") errors.push(...validateSet(part.value, part.path))
    else if (type === "map") {
      errors.push(...validateListMap(part.schema["x-kubernetes-list-map-keys"] ?? [], part.value, part.path))
    }
  }
  return errors
}

/** Reports each value that there are several of once, where it stands for the second time. */
function* validateSet(values: unknown[], path: FieldPath): Iterable<FieldError> {
  const counts = new Map<string, number>()
  for (const [index, value] of values.entries()) {
    const text = canonicalText(value)
    const count = (counts.get(text) ?? 0) + 1
    counts.set(text, count)
    if (count === 2) yield duplicateValue(path.index(index), value)
  }
}

function* validateListMap(keys: readonly string[], list: unknown[], path: FieldPath): Iterable<FieldError> {
  const stranger = list.findIndex((element) => element !== null && !isRecord(element))
  if (stranger >= 0) {
    const problem = "must be an object for an array of list-type map"
    yield invalidValue(path.index(stranger), list[stranger], problem)
    return
  }
  yield* validateSet(
    list.map((element) => keyOf(keys, element)),
    path,
  )
}

function keyOf(keys: readonly string[], element: unknown): Record<string, unknown> {
  const key: Record<string, unknown> = {}
  for (const name of [...keys].sort()) {
    if (isRecord(element) && element[name] !== undefined) key[name] = element[name]
  }
  return key
}

function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => {
    if (typeof member === "bigint") return String(member)
    if (!isRecord(member)) return member
    return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}
