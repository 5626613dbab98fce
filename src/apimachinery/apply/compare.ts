import { jsonEqual } from "../json-equal.ts"
import { isRecord, type JsonRecord, type ListPlan, type Plan, planOf } from "../schema-plan.ts"
import { emptySet, type FieldSet, makeNode } from "./field-set.ts"
import { fieldElement, listElement, type PathElement } from "./path-element.ts"

/** Which fields an update gave or changed, and which it took away. Undefined stands for none. */
export interface Changes {
  readonly set?: FieldSet | undefined
  readonly removed?: FieldSet | undefined
}

/**
 * Compares two states of an object, field by field as server-side apply sees fields: elements of keyed lists by their key,
 * atomic values as one. Null is a value; undefined is absence. What both states share by reference is not looked at, so
 * a small change of a big object costs little.
 */
export function compare(plan: Plan, before: unknown, after: unknown): Changes | undefined {
  if (before === after) return undefined
  switch (plan.kind) {
    case "object":
    case "map":
      return plan.isAtomic ? compareLeaf(before, after) : compareMembers(plan, before, after)
    case "list":
      return plan.isAtomic ? compareLeaf(before, after) : compareList(plan, before, after)
    case "scalar":
      return compareLeaf(before, after)
    case "any":
      return !isOpaque(plan) && (isRecord(before) || isRecord(after))
        ? compareMembers(plan, before, after)
        : compareLeaf(before, after)
  }
}

const leafSet: Changes = { set: emptySet }
const leafRemoved: Changes = { removed: emptySet }

function compareLeaf(before: unknown, after: unknown): Changes | undefined {
  if (before === undefined) return leafSet
  if (after === undefined) return leafRemoved
  return jsonEqual(before, after) ? undefined : leafSet
}

/** What a member's value is, by the plan of its owner. Beyond the schema, values speak for themselves. */
export function memberPlan(plan: Plan, name: string): Plan {
  if (plan.kind === "map") return plan.value.get()
  if (plan.kind !== "object") return untyped
  return plan.fields.get(name)?.ref.get() ?? untyped
}

/** Somebody else's object within this one: it is one value to its owners. */
export function isOpaque(plan: Plan): boolean {
  return plan.kind === "any" && plan.schema.name === "rawExtension"
}

export const untyped: Plan = planOf({ kind: "any", name: "json" }, false)

/** Collects the changes of parts into those of the whole. */
class Collector {
  #set: Record<PathElement, FieldSet> | undefined
  #removed: Record<PathElement, FieldSet> | undefined

  add(element: PathElement, changes: Changes | undefined): void {
    if (changes?.set) (this.#set ??= {})[element] = changes.set
    if (changes?.removed) (this.#removed ??= {})[element] = changes.removed
  }

  /** With the whole itself, if it came or went. */
  finish(before: unknown, after: unknown): Changes | undefined {
    const set = makeNode(this.#set, before === undefined)
    const removed = makeNode(this.#removed, after === undefined)
    return set || removed ? { set, removed } : undefined
  }
}

const empty: JsonRecord = {}

function compareMembers(plan: Plan, before: unknown, after: unknown): Changes | undefined {
  const left = isRecord(before) ? before : empty
  const right = isRecord(after) ? after : empty
  // Between empty and null or absent there are no members to tell of.
  if (isEmpty(left) && isEmpty(right)) return compareLeaf(before, after)
  const changes = new Collector()
  for (const name in left) {
    const value = left[name]
    const other = Object.hasOwn(right, name) ? right[name] : undefined
    if (value === other) continue
    changes.add(fieldElement(name), compare(memberPlan(plan, name), value, other))
  }
  for (const name in right) {
    if (right[name] === undefined || (Object.hasOwn(left, name) && left[name] !== undefined)) continue
    changes.add(fieldElement(name), compare(memberPlan(plan, name), undefined, right[name]))
  }
  const found = changes.finish(before, after)
  return isOtherKind(before, after) ? { ...found, set: withItself(found?.set) } : found
}

/** A value that had members became one that has none, or the reverse; null is no other kind. */
function isOtherKind(before: unknown, after: unknown): boolean {
  if (before === undefined || after === undefined || before === null || after === null) return false
  return isRecord(before) !== isRecord(after)
}

function withItself(set: FieldSet | undefined): FieldSet {
  return makeNode(set && { ...set }, true)!
}

function isEmpty(record: JsonRecord): boolean {
  for (const key in record) if (record[key] !== undefined) return false
  return true
}

function compareList(plan: ListPlan, before: unknown, after: unknown): Changes | undefined {
  const left = Array.isArray(before) ? before : []
  const right = Array.isArray(after) ? after : []
  if (left.length === 0 && right.length === 0) return compareLeaf(before, after)
  // Most writes change no list, and finding elements by their keys costs more than comparing them all.
  if (jsonEqual(before, after)) return undefined
  const element = plan.element.get()
  const changes = new Collector()
  const old = groupElements(plan, left)
  const current = groupElements(plan, right)
  for (const [key, values] of old) changes.add(key, compareGroups(element, values, current.get(key)))
  for (const [key, values] of current)
    if (!old.has(key)) changes.add(key, compareGroups(element, undefined, values))
  return changes.finish(before, after)
}

/** Stored lists may hold several elements with one key; elements without any key are nobody's. */
export function groupElements(plan: ListPlan, list: readonly unknown[]): Map<PathElement, unknown[]> {
  const groups = new Map<PathElement, unknown[]>()
  for (const value of list) {
    const key = findElement(plan, value)
    if (key === undefined) continue
    const group = groups.get(key)
    if (group) group.push(value)
    else groups.set(key, [value])
  }
  return groups
}

export function findElement(plan: ListPlan, value: unknown): PathElement | undefined {
  try {
    return listElement(plan, value)
  } catch {
    return undefined
  }
}

function compareGroups(
  element: Plan,
  old: unknown[] | undefined,
  current: unknown[] | undefined,
): Changes | undefined {
  const [oldCount, count] = [old?.length ?? 0, current?.length ?? 0]
  if (oldCount <= 1 && count <= 1) return compare(element, old?.[0], current?.[0])
  // Several elements with one key are one field together.
  if (oldCount > 1 && count > 1) return jsonEqual(old, current) ? undefined : leafSet
  if (oldCount > 1) {
    const changes = count === 1 ? compare(element, undefined, current![0]) : undefined
    return { set: changes?.set, removed: emptySet }
  }
  const changes = oldCount === 1 ? compare(element, old![0], undefined) : undefined
  return { set: emptySet, removed: changes?.removed }
}
