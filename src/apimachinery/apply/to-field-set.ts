import { isRecord, type JsonRecord, type ListPlan, type Plan } from "../schema-plan.ts"
import { findElement, isOpaque, memberPlan } from "./compare.ts"
import { emptySet, type FieldSet, isLeaf, makeNode } from "./field-set.ts"
import { fieldElement, type PathElement } from "./path-element.ts"

/** The fields that an object holds: what its applier says it manages. */
export function toFieldSet(plan: Plan, value: JsonRecord): FieldSet {
  return nodeOf(plan, value).children ?? emptySet
}

interface Found {
  /** Fields below the value. */
  readonly children?: FieldSet | undefined
  /** The value as a whole is a field. */
  readonly isField: boolean
}

const field: Found = { isField: true }
const nothing: Found = { isField: false }

function nodeOf(plan: Plan, value: unknown): Found {
  switch (plan.kind) {
    case "object":
    case "map":
      if (plan.schema.atomic) return field
      return isRecord(value) ? { children: members(plan, value), isField: false } : nothing
    case "list":
      if (plan.schema.listType === "atomic") return field
      return Array.isArray(value) ? { children: elements(plan, value), isField: false } : nothing
    case "scalar":
      return field
    case "any":
      if (isOpaque(plan)) return field
      return isRecord(value) ? { children: members(plan, value), isField: false } : field
  }
}

function members(plan: Plan, record: JsonRecord): FieldSet | undefined {
  const nodes: Record<PathElement, FieldSet> = {}
  for (const name of Object.keys(record)) {
    const value = record[name]
    if (value === undefined) continue
    const found = nodeOf(memberPlan(plan, name), value)
    const isDeclared = plan.kind === "object" && plan.fields.has(name)
    const isEmptyValue = value === null || (isRecord(value) && isLeaf(value as FieldSet))
    const node = join(found, found.isField || isEmptyValue || !isDeclared)
    if (node) nodes[fieldElement(name)] = node
  }
  return makeNode(nodes, false)
}

function elements(plan: ListPlan, list: unknown[]): FieldSet | undefined {
  const element = plan.element.get()
  const nodes: Record<PathElement, FieldSet> = {}
  for (const value of list) {
    const key = findElement(plan, value)
    if (key === undefined) continue
    // Several elements with one key are one field together.
    nodes[key] = nodes[key] ? emptySet : join(nodeOf(element, value), true)!
  }
  return makeNode(nodes, false)
}

function join({ children }: Found, isField: boolean): FieldSet | undefined {
  if (!children) return isField ? emptySet : undefined
  return isField ? makeNode({ ...children }, true) : children
}
