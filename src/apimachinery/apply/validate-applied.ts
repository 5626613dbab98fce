import { formatGo, formatGoSyntax } from "../patch/patch-errors.ts"
import { isRecord, type JsonRecord, type ListPlan, type Plan } from "../schema-plan.ts"
import { memberPlan } from "./compare.ts"
import { fieldElement, formatElement, listElement, type PathElement } from "./path-element.ts"

/**
 * What a configuration must be before it can be applied: of the declared types, without fields that the schema does not
 * know, with keyed elements that can be told apart. Gives upstream's text of what is wrong, undefined if nothing is.
 */
export function describeFaults(plan: Plan, value: JsonRecord): string | undefined {
  const faults = check(plan, value, "")
  if (faults.length === 0) return undefined
  return faults.length === 1 ? faults[0] : `errors:\n${faults.map((fault) => `  ${fault}`).join("\n")}`
}

function check(plan: Plan, value: unknown, path: string): string[] {
  if (value === null || value === undefined) return []
  switch (plan.kind) {
    case "object":
    case "map":
      return isRecord(value)
        ? checkMembers(plan, value, path)
        : [`${path}: expected map, got ${describe(value)}`]
    case "list":
      return Array.isArray(value)
        ? checkElements(plan, value, path)
        : [`${path}: expected list, got ${describe(value)}`]
    case "scalar":
      return checkScalar(plan.schema.name, value, path)
    case "any":
      return []
  }
}

function checkMembers(plan: Plan, record: JsonRecord, path: string): string[] {
  return Object.keys(record).flatMap((name) => {
    const at = path + formatElement(fieldElement(name))
    const isDeclared = plan.kind !== "object" || plan.fields.has(name) || plan.schema.preserveUnknownFields
    return isDeclared
      ? check(memberPlan(plan, name), record[name], at)
      : [`${at}: field not declared in schema`]
  })
}

function checkElements(plan: ListPlan, list: unknown[], path: string): string[] {
  const element = plan.element.get()
  if (plan.schema.listType === "atomic") {
    return list.flatMap((value, index) => check(element, value, `${path}[${index}]`))
  }
  const seen = new Set<PathElement>()
  return list.flatMap((value, index) => {
    let key: PathElement
    try {
      key = listElement(plan, value)
    } catch (error) {
      return [`${path}: element ${index}: ${(error as Error).message}`]
    }
    if (seen.has(key)) return [`${path}: duplicate entries for key ${formatElement(key)}`]
    seen.add(key)
    return check(element, value, path + formatElement(key))
  })
}

function checkScalar(name: string, value: unknown, path: string): string[] {
  switch (name) {
    case "int32":
    case "int64":
    case "double":
      if (typeof value === "number" || typeof value === "bigint") return []
      return [`${path}: expected numeric (int or float), got ${goType(value)}`]
    case "bool":
      return typeof value === "boolean" ? [] : [`${path}: expected boolean, got ${describe(value)}`]
    case "quantity":
    case "intOrString":
      return typeof value === "object" ? [`${path}: expected any scalar, got ${describe(value)}`] : []
    default:
      return typeof value === "string"
        ? []
        : [`${path}: expected string, got &value.valueUnstructured{Value:${formatGoSyntax(value)}}`]
  }
}

function goType(value: unknown): string {
  if (Array.isArray(value)) return "[]interface {}"
  return isRecord(value) ? "map[string]interface {}" : typeof value === "boolean" ? "bool" : "string"
}

function describe(value: unknown): string {
  return `&{${formatGo(value)}}`
}
