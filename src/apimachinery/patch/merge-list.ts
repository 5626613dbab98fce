import { isRecord, type JsonRecord } from "../schema-plan.ts"
import { badFormat, formatDirective, formatGo, goTypeOf, unusable } from "./patch-errors.ts"

export interface ListMerge {
  /** The member that tells elements apart; undefined for lists of plain values. */
  readonly mergeKey: string | undefined
  readonly mergeElement: (original: JsonRecord, patch: JsonRecord) => JsonRecord
  /** `$setElementOrder`: all elements that the patch's author knew, in the order they shall have. */
  readonly order?: readonly unknown[]
}

/**
 * Merges a patch's list into the live one. Elements with the same key (or equal plain values) are one; the patch may also
 * delete elements, or replace the list. Then order is settled: the patch's elements have the patch's order, the others
 * keep theirs, and the two interleave as they stood in the live list.
 */
export function mergeList(
  original: readonly unknown[],
  patch: readonly unknown[],
  merge: ListMerge,
): unknown[] {
  const { mergeKey, order } = merge
  if (original.length === 0 && patch.length === 0) return []
  checkElements(original, patch)
  const hasObjects = isRecord(original[0] ?? patch[0])
  if (hasObjects && mergeKey === undefined) throw unusable("cannot merge lists without merge key for struct")
  if (order && hasObjects) checkOrderElements(order, mergeKey!)
  if (order) checkOrder(patch, order, hasObjects ? mergeKey : undefined)
  const identity = hasObjects
    ? (element: unknown) => keyOf(element, mergeKey!)
    : (element: unknown) => element
  const { kept, changes } = hasObjects
    ? applyElementDirectives(original, patch, mergeKey!)
    : { kept: original, changes: patch }
  const entries: Entry[] = []
  const firstOf = new Map<unknown, Entry>()
  const append = (element: unknown, key: unknown) => {
    const entry = { key, element }
    entries.push(entry)
    if (!firstOf.has(key)) firstOf.set(key, entry)
  }
  // Live lists may hold several objects with one key (a Service's port 53, TCP and UDP); all of them stay.
  for (const element of kept) {
    if (hasObjects || !firstOf.has(element)) append(element, identity(element))
  }
  for (const element of changes) {
    const key = identity(element)
    const entry = firstOf.get(key)
    if (!entry) append(element, key)
    else if (hasObjects)
      entry.element = merge.mergeElement(entry.element as JsonRecord, element as JsonRecord)
  }
  return arrange(entries, (order ?? changes).map(identity), liveOrder())

  function liveOrder(): unknown[] {
    if (!order) return kept.map(identity)
    const isReplaced = kept !== original && changes.length === 0
    if (isReplaced) return original.map(identity)
    // New elements count as the live list's last as far as deletions made room for them.
    return entries.slice(0, original.length).map((entry) => entry.key)
  }
}

interface Entry {
  readonly key: unknown
  element: unknown
}

/** `$patch` in elements: `delete` removes the live element, `replace` the live list. */
function applyElementDirectives(
  original: readonly unknown[],
  patch: readonly unknown[],
  mergeKey: string,
): { kept: readonly unknown[]; changes: readonly unknown[] } {
  const changes: unknown[] = []
  const doomed = new Set<unknown>()
  let replaces = false
  for (const element of patch as readonly JsonRecord[]) {
    const directive = element["$patch"]
    if (directive === undefined) changes.push(element)
    else if (directive === "delete") doomed.add(keyOf(element, mergeKey))
    else if (directive === "replace") replaces = true
    else if (directive === "merge") throw unusable("merging lists cannot yet be specified in the patch")
    else throw unusable(`unknown patch type: ${formatDirective(directive)} in map: ${formatGo(element)}`)
  }
  if (replaces) return { kept: changes, changes: [] }
  const kept =
    doomed.size === 0 ? original : original.filter((each) => !doomed.has((each as JsonRecord)[mergeKey]))
  return { kept, changes }
}

function keyOf(element: unknown, mergeKey: string): unknown {
  const key = (element as JsonRecord)[mergeKey]
  if (key === undefined) {
    throw unusable(`map: ${formatGo(element)} does not contain declared merge key: ${mergeKey}`)
  }
  return key
}

/** A list of objects is looked through for each place of the order. */
function checkOrderElements(order: readonly unknown[], mergeKey: string): void {
  for (const element of order) {
    if (!isRecord(element)) throw unusable("value for key 0 is not a map")
    keyOf(element, mergeKey)
  }
}

function checkElements(original: readonly unknown[], patch: readonly unknown[]): void {
  const type = goTypeOf(original[0] ?? patch[0])
  if (type === "[]interface {}") {
    throw badFormat("lists of lists are not supported")
  }
  for (const list of [original, patch]) {
    for (const element of list) {
      if (goTypeOf(element) !== type) {
        throw unusable(`list element types are not identical: ${formatGo([original, patch])}`)
      }
    }
  }
}

/** The patch's elements must stand in the order list, in that order. */
function checkOrder(
  patch: readonly unknown[],
  order: readonly unknown[],
  mergeKey: string | undefined,
): void {
  if (order.length === 0) return
  const identity = (element: unknown) => (mergeKey === undefined ? element : keyOf(element, mergeKey))
  const elements = patch.filter((element) => !isRecord(element) || element["$patch"] !== "delete")
  let next = 0
  let position = 0
  while (next < elements.length && position < order.length) {
    const element = elements[next]
    if (isRecord(element) && Object.hasOwn(element, "$patch")) next++
    else if (identity(element) === identity(order[position++])) next++
  }
  if (next < elements.length) {
    throw unusable(
      `The order in patch list:\n${formatGo(patch)}\n doesn't match $setElementOrder list:\n${formatGo(order)}\n`,
    )
  }
}

/**
 * `first` is the patch's order; the elements it does not name are the server's own. A server's element goes before the
 * next of the patch's elements if it stood before it in the live list.
 */
function arrange(entries: readonly Entry[], first: readonly unknown[], live: readonly unknown[]): unknown[] {
  const named = new Map<unknown, Entry[]>(first.map((key) => [key, []]))
  const theirs: Entry[] = []
  for (const entry of entries) (named.get(entry.key) ?? theirs).push(entry)
  const livePosition = new Map<unknown, number>()
  live.forEach((key, index) => {
    if (!livePosition.has(key)) livePosition.set(key, index)
  })
  const result: unknown[] = []
  let next = 0
  for (const ours of [...named.values()].flat()) {
    const position = livePosition.get(ours.key) ?? -1
    while (next < theirs.length && (livePosition.get(theirs[next]!.key) ?? position) < position) {
      result.push(theirs[next++]!.element)
    }
    result.push(ours.element)
  }
  for (const entry of theirs.slice(next)) result.push(entry.element)
  return result
}
