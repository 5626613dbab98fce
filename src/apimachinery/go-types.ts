import type { Plan } from "./schema-plan.ts"

/** What a value of the wrong type is to Go's JSON decoder. */
export function jsonKind(plan: Plan, value: unknown): string {
  if (typeof value === "boolean") return "bool"
  if (typeof value !== "number" && typeof value !== "bigint")
    return Array.isArray(value) ? "array" : typeof value
  // A number that does not fit is shown, one where no number belongs is not.
  const isInteger = plan.kind === "scalar" && (plan.schema.name === "int32" || plan.schema.name === "int64")
  return isInteger ? `number ${value}` : "number"
}

const goScalars: Readonly<Record<string, string>> = {
  string: "string",
  bool: "bool",
  int32: "int32",
  int64: "int64",
  double: "float64",
  bytes: "[]uint8",
  time: "string",
  microTime: "string",
  duration: "string",
  quantity: "string",
  intOrString: "int32",
}

/** "[]v1.Container", "map[string]string". */
export function goType(plan: Plan): string {
  switch (plan.kind) {
    case "scalar":
      return goScalars[plan.schema.name]!
    case "any":
      return "json.RawMessage"
    case "list":
      return `[]${goType(plan.element.get())}`
    case "map":
      return `map[string]${goType(plan.value.get())}`
    case "object":
      return plan.schema.name?.split(".").slice(-2).join(".") ?? "map[string]interface {}"
  }
}

/** What upstream's converter, which knows no JSON, says of a value of the wrong type. */
export function converterFault(plan: Plan, value: unknown): string | undefined {
  const found = goKind(value)
  switch (plan.kind) {
    case "scalar": {
      const wanted = goScalars[plan.schema.name]!
      if (plan.schema.name === "bytes") return `cannot restore slice from ${found}`
      const isNear = found === "int64" ? wanted === "string" : found === "float64" && wanted.startsWith("int")
      return isNear ? `cannot convert ${found} to ${wanted}` : `unrecognized type: ${wanted}`
    }
    case "list":
      return `cannot restore slice from ${found}`
    case "map":
      return `cannot restore map from ${found}`
    case "object":
      return `cannot restore struct from: ${found}`
    case "any":
      return undefined
  }
}

/** The kind of Go value that JSON is read into where nothing says which. */
function goKind(value: unknown): string {
  if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64"
  if (typeof value === "bigint") return "int64"
  if (typeof value === "boolean") return "bool"
  if (typeof value === "string") return "string"
  return Array.isArray(value) ? "slice" : "map"
}
