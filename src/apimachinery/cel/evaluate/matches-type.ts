import type { CelType } from "../types/cel-type.ts"
import { type CelValue, isList, isMap, UInt } from "../values/value.ts"

/** Whether a value may be given for a declared type. What is inside of containers is not looked at, as upstream. */
export function matcher(type: CelType): (value: CelValue) => boolean {
  switch (type.kind) {
    case "bool":
      return (value) => typeof value === "boolean"
    case "int":
      return (value) => typeof value === "bigint"
    case "double":
      return (value) => typeof value === "number"
    case "string":
      return (value) => typeof value === "string"
    case "null_type":
      return (value) => value === null
    case "uint":
      return (value) => value instanceof UInt
    case "bytes":
      return (value) => value instanceof Uint8Array
    case "list":
      return isList
    case "map":
      return (value) => isMap(value) && value.type === undefined
    case "opaque":
      return opaqueMatcher(type.name)
    case "object":
      return (value) => isMap(value) && value.type?.kind === "object" && value.type.name === type.name
    case "duration":
    case "timestamp":
    case "type":
      return (value) => hasKind(value, type.kind)
    default:
      return () => true
  }
}

function opaqueMatcher(name: string): (value: CelValue) => boolean {
  if (name === "optional_type") return (value) => hasKind(value, "optional")
  return (value) =>
    typeof value === "object" &&
    value !== null &&
    "kind" in value &&
    value.kind === "opaque" &&
    value.typeName === name
}

function hasKind(value: CelValue, kind: string): boolean {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === kind
}
