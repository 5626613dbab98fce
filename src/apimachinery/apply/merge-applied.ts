import { isRecord, type JsonRecord, type ListPlan, type Plan, setMember } from "../schema-plan.ts"
import { findElement, isOpaque, memberPlan } from "./compare.ts"
import type { PathElement } from "./path-element.ts"

/**
 * Lays an applied configuration over the live object: members it names take its values, keyed lists and sets merge element
 * by element, atomic values are replaced whole, the rest stays (and is shared).
 */
export function mergeApplied(plan: Plan, live: JsonRecord, applied: JsonRecord): JsonRecord {
  return (merge(plan, live, applied) as JsonRecord | undefined) ?? {}
}

function merge(plan: Plan, live: unknown, applied: unknown): unknown {
  if (applied === undefined) return live
  if (live === undefined && plan.kind === "scalar") return applied
  switch (plan.kind) {
    case "object":
    case "map":
      return plan.schema.atomic ? applied : mergeMembers(plan, live, applied)
    case "list":
      return plan.schema.listType === "atomic" ? applied : mergeElements(plan, live, applied)
    case "scalar":
      return applied
    case "any":
      return isRecord(applied) && !isOpaque(plan) ? mergeMembers(plan, live, applied) : applied
  }
}

function mergeMembers(plan: Plan, live: unknown, applied: unknown): unknown {
  const left = isRecord(live) ? live : {}
  const right = isRecord(applied) ? applied : {}
  if (Object.keys(left).length === 0 && Object.keys(right).length === 0) return applied
  const result: JsonRecord = { ...left }
  for (const name of Object.keys(right)) {
    const before = Object.hasOwn(left, name) ? left[name] : undefined
    const after = merge(memberPlan(plan, name), before, right[name])
    if (after === undefined) delete result[name]
    else setMember(result, name, after)
  }
  return Object.keys(result).length === 0 ? undefined : result
}

function mergeElements(plan: ListPlan, live: unknown, applied: unknown): unknown {
  const left = Array.isArray(live) ? live : []
  const right = Array.isArray(applied) ? applied : []
  if (left.length === 0 && right.length === 0) return applied
  const element = plan.element.get()
  const leftKeys = left.map((value) => findElement(plan, value))
  const rightKeys = right.map((value) => findElement(plan, value)!)
  const liveByKey = uniqueByKey(leftKeys, left)
  const appliedByKey = new Map(rightKeys.map((key, index) => [key, right[index]]))
  const result: unknown[] = []
  for (const { key, index } of interleave(leftKeys, rightKeys)) {
    if (index !== undefined) result.push(left[index])
    else {
      const merged = merge(element, liveByKey.get(key!), appliedByKey.get(key!))
      if (merged !== undefined) result.push(merged)
    }
  }
  return result.length === 0 ? undefined : result
}

/** Elements that share a key with another have nothing that could be merged with: undefined. */
function uniqueByKey(
  keys: readonly (PathElement | undefined)[],
  list: readonly unknown[],
): Map<PathElement, unknown> {
  const unique = new Map<PathElement, unknown>()
  keys.forEach((key, index) => {
    if (key !== undefined) unique.set(key, unique.has(key) ? null : list[index])
  })
  return unique
}

/** Either an applied element, by its key, or a live one that is not applied, by its position. */
interface Taken {
  readonly key?: PathElement
  readonly index?: number
}

/**
 * The order of a merged list: the applied elements have the order in which they were applied; live ones stand where they
 * stood between those that both lists have. A live element is taken until the next one comes that is applied too.
 */
function interleave(left: readonly (PathElement | undefined)[], right: readonly PathElement[]): Taken[] {
  const applied = new Set(right)
  const live = new Set(left)
  const shared = right.filter((key) => live.has(key))
  const merged = new Set<PathElement>()
  const taken: Taken[] = []
  let nextShared = 0
  let l = 0
  let r = 0
  while (l < left.length || r < right.length) {
    const leftKey = left[l]
    const rightKey = right[r]
    if (l < left.length && r < right.length) {
      if (leftKey === rightKey) {
        merged.add(rightKey!)
        taken.push({ key: rightKey! })
        l++
        r++
        nextShared++
        continue
      }
      // Applied as well, but not the one whose turn it is.
      const isApplied = leftKey !== undefined && applied.has(leftKey)
      if (isApplied && nextShared < shared.length && shared[nextShared] !== leftKey) {
        l++
        continue
      }
    }
    if (l < left.length) {
      if (leftKey === undefined || !applied.has(leftKey)) {
        taken.push({ index: l++ })
        continue
      }
      if (merged.has(leftKey)) l++
    }
    if (r < right.length) {
      merged.add(rightKey!)
      taken.push({ key: rightKey! })
      if (shared[nextShared] === rightKey) nextShared++
      r++
    }
  }
  return taken
}
