import { quote } from "../../base/quote.ts"
import { encodeJson } from "../codec/json.ts"
import type { JsonRecord, ListPlan } from "../schema-plan.ts"

/**
 * One step of a field's path, in the form that managedFields writes it:
 *
 * - `f:name`, a member
 * - `k:{"name":"web"}`, the element of a list with these keys
 * - `v:"x"`, a value of a set
 * - `i:0`, a position (never made, only read)
 */
export type PathElement = string

export function fieldElement(name: string): PathElement {
  const known = fieldElements.get(name)
  if (known !== undefined) return known
  const element = `f:${name}`
  if (fieldElements.size < maxFieldElements) fieldElements.set(name, element)
  return element
}

// The same few hundred names come again and again, and a text that is already known is a faster key.
const fieldElements = new Map<string, PathElement>()
const maxFieldElements = 10_000

/** Of an element of a list with listType "map" or "set". Throws Error with upstream's text if it cannot be told apart. */
export function listElement(plan: ListPlan, element: unknown): PathElement {
  return plan.schema.listType === "map" ? keyedElement(plan, element) : valueElement(element)
}

function keyedElement(plan: ListPlan, element: unknown): PathElement {
  if (element === null) throw new Error("associative list with keys may not have a null element")
  if (typeof element !== "object" || Array.isArray(element)) {
    throw new Error("associative list with keys may not have non-map elements")
  }
  let members = ""
  for (const key of plan.sortedKeys) {
    const given = (element as JsonRecord)[key]
    const value = given === undefined ? keyDefault(plan, key) : given
    if (value === undefined) continue
    members += `${members === "" ? "" : ","}${encodeKey(key)}:${encodeKey(value)}`
  }
  if (members === "") {
    const names = `[${(plan.schema.keys ?? []).map(quote).join(" ")}]`
    throw new Error(
      `associative list with keys has an element that omits all key fields ${names} (and doesn't have default values for any key fields)`,
    )
  }
  return `k:{${members}}`
}

/** As JSON; names and numbers, which nearly all keys are, need no escapes. */
function encodeKey(value: unknown): string {
  if (typeof value === "number") return String(value)
  return typeof value === "string" && /^[\w./-]*$/.test(value) ? `"${value}"` : encodeJson(value)
}

function keyDefault(plan: ListPlan, key: string): unknown {
  const element = plan.element.get()
  return element.kind === "object" ? element.fields.get(key)?.field.default : undefined
}

function valueElement(element: unknown): PathElement {
  if (element === null)
    throw new Error("associative list without keys has an element that's an explicit null")
  if (Array.isArray(element)) throw new Error("not supported: associative list with lists as elements")
  if (typeof element === "object")
    throw new Error("associative list without keys has an element that's a map type")
  return `v:${encodeJson(element)}`
}

const rank: Readonly<Record<string, number>> = { ".": 0, f: 1, k: 2, v: 3, i: 4 }

/** The order in which upstream writes elements: members, keys, values, positions; numbers by size. */
export function comparePathElements(a: PathElement, b: PathElement): number {
  if (a === b) return 0
  const kind = a[0]!
  if (kind !== b[0]) return rank[kind]! - rank[b[0]!]!
  if (kind === "f") return a < b ? -1 : 1
  return compareValues(JSON.parse(a.slice(2)), JSON.parse(b.slice(2)))
}

/** Sorts in place. */
export function sortPathElements(elements: PathElement[]): PathElement[] {
  if (elements.length < 2) return elements
  const areNames = elements.every((element) => element.startsWith("f:") || element === ".")
  // "." stands before "f:" in any case.
  if (areNames) return elements.sort()
  return elements.sort(comparePathElements)
}

function compareValues(a: unknown, b: unknown): number {
  if (typeof a === "object" && typeof b === "object" && a !== null && b !== null) {
    return compareKeys(Object.entries(a), Object.entries(b))
  }
  if (typeof a === "number" && typeof b === "number") return a - b
  return String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0
}

function compareKeys(a: [string, unknown][], b: [string, unknown][]): number {
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const [nameA, valueA] = a[index]!
    const [nameB, valueB] = b[index]!
    if (nameA !== nameB) return nameA < nameB ? -1 : 1
    const order = compareValues(valueA, valueB)
    if (order !== 0) return order
  }
  return a.length - b.length
}

/** A path as people read it: `.spec.containers[name="web"].image`. */
export function formatPath(path: readonly PathElement[]): string {
  return path.map(formatElement).join("")
}

export function formatElement(element: PathElement): string {
  const rest = element.slice(2)
  switch (element[0]) {
    case "f":
      return `.${rest}`
    case "k": {
      const keys = Object.entries(JSON.parse(rest) as JsonRecord)
      return `[${keys.map(([name, value]) => `${name}=${formatScalar(value)}`).join(",")}]`
    }
    case "v":
      return `[=${formatScalar(JSON.parse(rest))}]`
    default:
      return `[${rest}]`
  }
}

function formatScalar(value: unknown): string {
  return typeof value === "string" ? quote(value) : JSON.stringify(value)
}

/** The canonical form of an element that a client sent; undefined for a kind that nobody knows, which is ignored. */
export function parsePathElement(text: string): PathElement | undefined {
  if (text.length < 2) throw new Error("key must be 2 characters long:")
  if (text[1] !== ":") throw new Error(`missing colon: ${text}`)
  const rest = text.slice(2)
  switch (text[0]) {
    case "f":
      return text
    case "k": {
      const keys = Object.entries(JSON.parse(rest) as JsonRecord).sort(([a], [b]) => (a < b ? -1 : 1))
      return `k:{${keys.map(([name, value]) => `${JSON.stringify(name)}:${encodeJson(value)}`).join(",")}}`
    }
    case "v":
      return `v:${encodeJson(JSON.parse(rest))}`
    case "i":
      if (!/^-?[0-9]+$/.test(rest)) throw new Error(`strconv.Atoi: parsing ${quote(rest)}: invalid syntax`)
      return text
    default:
      return undefined
  }
}
