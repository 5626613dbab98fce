import { isRecord, type JsonRecord, type ListPlan, type Plan, setMember } from "../schema-plan.ts"
import { findElement, memberPlan } from "./compare.ts"
import { type FieldSet, isLeaf, isMember, makeNode } from "./field-set.ts"
import { fieldElement, type PathElement } from "./path-element.ts"

/** The object without the fields of the set. What loses nothing is shared. */
export function removeItems(plan: Plan, value: JsonRecord, fields: FieldSet): JsonRecord {
  if (isLeaf(fields)) return value
  return (remove(plan, value, fields) as JsonRecord | undefined) ?? {}
}

function remove(plan: Plan, value: unknown, fields: FieldSet): unknown {
  if (Array.isArray(value)) {
    if (plan.kind !== "list") return value
    return plan.schema.listType === "atomic" ? [] : removeElements(plan, value, fields)
  }
  if (!isRecord(value)) return value
  const isAtomic = (plan.kind === "object" || plan.kind === "map") && plan.schema.atomic
  return isAtomic ? {} : removeMembers(plan, value, fields)
}

function removeMembers(plan: Plan, record: JsonRecord, fields: FieldSet): JsonRecord {
  const result: JsonRecord = {}
  for (const name of Object.keys(record)) {
    const node = nodeAt(fields, fieldElement(name))
    if (node && isMember(node)) continue
    setMember(result, name, node ? remove(memberPlan(plan, name), record[name], node) : record[name])
  }
  return result
}

function removeElements(plan: ListPlan, list: unknown[], fields: FieldSet): unknown[] {
  const element = plan.element.get()
  const result: unknown[] = []
  for (const value of list) {
    const key = findElement(plan, value)
    const node = key === undefined ? undefined : nodeAt(fields, key)
    if (!node) result.push(value)
    else if (!isMember(node)) result.push(remove(element, value, node))
  }
  return result
}

function nodeAt(fields: FieldSet, element: PathElement): FieldSet | undefined {
  return Object.hasOwn(fields, element) ? fields[element] : undefined
}

/**
 * The set with every declared member on the way to one of its fields: whoever owns spec.replicas holds spec, too. Keys of
 * maps and elements of lists must be owned themselves.
 */
export function withNamedFields(plan: Plan, fields: FieldSet): FieldSet {
  const children: Record<PathElement, FieldSet> = {}
  for (const element of Object.keys(fields)) {
    if (element === ".") continue
    const node = fields[element]!
    const name = element.startsWith("f:") ? element.slice(2) : undefined
    const inner = isLeaf(node) ? node : withNamedFields(elementPlan(plan, name), node)
    const isDeclared = name !== undefined && plan.kind === "object" && plan.fields.has(name)
    children[element] = isDeclared && !isMember(inner) ? { ".": {}, ...inner } : inner
  }
  return makeNode(children, "." in fields || isLeaf(fields)) ?? {}
}

function elementPlan(plan: Plan, name: string | undefined): Plan {
  if (name !== undefined) return memberPlan(plan, name)
  return plan.kind === "list" ? plan.element.get() : plan
}
