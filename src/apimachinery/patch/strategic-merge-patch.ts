import type { ObjectSchema } from "../schema.ts"
import {
  type FieldPlan,
  isRecord,
  type JsonRecord,
  objectPlan,
  type Plan,
  setMember,
} from "../schema-plan.ts"
import { mergeList, type ListMerge } from "./merge-list.ts"
import { badFormat, formatDirective, formatGo, goTypeOf, unusable } from "./patch-errors.ts"

/**
 * Strategic merge patch (https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/): a merge
 * patch in which the schema says how lists merge (by which key their elements are told apart), and the patch may hold
 * directives:
 *
 * - `$patch: replace | delete` in an object: instead of merging, take it whole, or empty it; in a list's element, replace
 *   the list, or delete the element with that key
 * - `$retainKeys: [...]`: members that are not named vanish (for unions such as a deployment's strategy)
 * - `$setElementOrder/<list>: [...]`: the order that the named elements shall have
 * - `$deleteFromPrimitiveList/<list>: [...]`: values to remove
 *
 * The document is not changed; what the patch leaves alone is shared with the result, which is not decoded yet.
 */
export function applyStrategicMergePatch(
  schema: ObjectSchema,
  document: JsonRecord,
  patch: unknown,
): JsonRecord {
  if (!isRecord(patch)) throw badFormat("invalid JSON document")
  return mergeObject(document, patch, objectPlan(schema))
}

const directive = "$patch"
const retainKeys = "$retainKeys"
const setElementOrder = "$setElementOrder/"
const deleteFromPrimitiveList = "$deleteFromPrimitiveList/"

/** `plan` is undefined below values without a schema; there everything merges as plain JSON. */
function mergeObject(original: JsonRecord, patch: JsonRecord, plan: Plan | undefined): JsonRecord {
  if (Object.hasOwn(patch, directive)) return applyDirective(patch)
  const result = retained(original, patch)
  const ordered = new Set<string>()
  for (const key of Object.keys(patch)) {
    if (!key.startsWith(setElementOrder)) continue
    const name = key.slice(setElementOrder.length)
    ordered.add(name)
    mergeOrderedList(result, patch, name, patch[key], plan)
  }
  const deletions: string[] = []
  for (const key of Object.keys(patch)) {
    if (key === retainKeys || key.startsWith(setElementOrder) || ordered.has(key)) continue
    if (key.startsWith(deleteFromPrimitiveList)) deletions.push(key)
    else mergeMember(result, key, patch[key], plan)
  }
  for (const key of deletions) deletePrimitives(result, key.slice(deleteFromPrimitiveList.length), patch[key])
  return result
}

function applyDirective(patch: JsonRecord): JsonRecord {
  const { [directive]: what, ...rest } = patch
  if (what === "replace") return rest
  if (what === "delete") return {}
  throw unusable(`unknown patch type: ${formatDirective(what)} in map: ${formatGo(patch)}`)
}

/** A copy of the original, without the members that `$retainKeys` does not name. */
function retained(original: JsonRecord, patch: JsonRecord): JsonRecord {
  if (!Object.hasOwn(patch, retainKeys)) return { ...original }
  const names = patch[retainKeys]
  if (!Array.isArray(names)) throw badFormat("invalid patch format of retainKeys")
  const kept = new Set<unknown>(names)
  for (const key of Object.keys(patch)) {
    const isDirective =
      key === retainKeys || key.startsWith(setElementOrder) || key.startsWith(deleteFromPrimitiveList)
    if (!isDirective && patch[key] !== null && !kept.has(key)) {
      throw badFormat("invalid patch format of retainKeys")
    }
  }
  const result: JsonRecord = {}
  for (const key of Object.keys(original)) if (kept.has(key)) setMember(result, key, original[key])
  return result
}

function mergeMember(result: JsonRecord, key: string, change: unknown, plan: Plan | undefined): void {
  if (change === null || change === undefined) {
    delete result[key]
    return
  }
  const current = Object.hasOwn(result, key) ? result[key] : undefined
  if (isRecord(current) && isRecord(change)) {
    setMember(result, key, mergeInner(current, change, plan, key))
  } else if (Array.isArray(current) && Array.isArray(change)) {
    const merge = listMerge(plan, key)
    setMember(result, key, merge ? mergeList(current, change, merge) : change)
  } else {
    const added = withoutDirectives(change)
    if (added === undefined) delete result[key]
    else setMember(result, key, added)
  }
}

function mergeInner(
  current: JsonRecord,
  change: JsonRecord,
  plan: Plan | undefined,
  key: string,
): JsonRecord {
  if (plan?.kind === "map") return mergeObject(current, change, plan.value.get())
  const field = fieldOf(plan, key)
  return field?.field.patchStrategy === "replace" ? change : mergeObject(current, change, field?.ref.get())
}

function fieldOf(plan: Plan | undefined, key: string): FieldPlan | undefined {
  return plan?.kind === "object" ? plan.fields.get(key) : undefined
}

/** How a list merges; undefined if a patch replaces it. */
function listMerge(plan: Plan | undefined, key: string): ListMerge | undefined {
  const field = fieldOf(plan, key)
  if (!field?.field.patchStrategy?.startsWith("merge")) return undefined
  const list = field.ref.get()
  const element = list.kind === "list" ? list.element.get() : undefined
  return {
    mergeKey: field.field.patchMergeKey,
    mergeElement: (original, patch) => mergeObject(original, patch, element),
  }
}

function mergeOrderedList(
  result: JsonRecord,
  patch: JsonRecord,
  name: string,
  order: unknown,
  plan: Plan | undefined,
): void {
  if (!Array.isArray(order)) throw unusable(`expected a []interface {}, but received a ${goTypeOf(order)}`)
  const current = listMember(result, name)
  const change = listMember(patch, name)
  if (!current && !change) return
  const merge = listMerge(plan, name)
  const { mergeKey } = merge ?? { mergeKey: fieldOf(plan, name)?.field.patchMergeKey }
  const mergeOptions: ListMerge = { mergeElement: (_, element) => element, ...merge, mergeKey, order }
  if (!current) {
    const added = withoutDirectives(change) as unknown[]
    setMember(result, name, mergeList(added, [], mergeOptions))
  } else if (!change) setMember(result, name, mergeList(current, [], mergeOptions))
  else if (merge) setMember(result, name, mergeList(current, change, mergeOptions))
  else setMember(result, name, mergeList(change, [], mergeOptions))
}

function listMember(record: JsonRecord, name: string): unknown[] | undefined {
  const value = Object.hasOwn(record, name) ? record[name] : undefined
  if (value === undefined) return undefined
  if (!Array.isArray(value)) throw unusable(`expected a []interface {}, but received a ${goTypeOf(value)}`)
  return value
}

function deletePrimitives(result: JsonRecord, name: string, values: unknown): void {
  const current = Object.hasOwn(result, name) ? result[name] : undefined
  if (!Array.isArray(current) || !Array.isArray(values)) return
  const doomed = new Set<unknown>(values)
  const kept = current.filter((each) => !doomed.has(each))
  setMember(result, name, kept)
}

/**
 * What a patch adds where there was nothing to merge with: nulls have nothing to remove, and elements that only carry a
 * directive have nothing to direct (undefined).
 */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(withoutDirectives).filter((element) => element !== undefined)
  }
  if (!isRecord(value)) return value
  if (Object.hasOwn(value, directive)) return undefined
  const result: JsonRecord = {}
  for (const key of Object.keys(value)) {
    const member = value[key] === null ? undefined : withoutDirectives(value[key])
    if (member !== undefined) setMember(result, key, member)
  }
  return result
}
