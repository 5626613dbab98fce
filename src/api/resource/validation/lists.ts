import { duplicateValue, tooMany } from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import type { Errors } from "../../validation/checks.ts"

type ItemCheck<T> = (item: T, path: FieldPath) => Errors

/** Not more than `max` items, each of them well. Of too long a list nothing else is said. */
export function* eachOf<T>(
  given: readonly T[] | null | undefined,
  path: FieldPath,
  max: number,
  check: ItemCheck<T>,
): Errors {
  const items = given ?? []
  if (items.length > max) {
    yield tooMany(path, items.length, max)
    return
  }
  for (const [index, item] of items.entries()) yield* check(item, path.index(index))
}

/** The same, and no two items with one key. */
export function* uniqueEachOf<T>(
  given: readonly T[] | null | undefined,
  path: FieldPath,
  max: number,
  check: ItemCheck<T>,
  keyOf: (item: T) => string,
): Errors {
  const items = given ?? []
  yield* eachOf(items, path, max, check)
  if (items.length > max) return
  const keys = new Set<string>()
  for (const [index, item] of items.entries()) {
    const key = keyOf(item)
    if (keys.has(key)) yield duplicateValue(path.index(index), key)
    keys.add(key)
  }
}

/** Not more than `max` entries, each key and each value well. */
export function* eachEntryOf<T>(
  entries: Readonly<Record<string, T>> = {},
  path: FieldPath,
  max: number,
  checkKey: ItemCheck<string>,
  checkValue: ItemCheck<T>,
): Errors {
  const all = Object.entries(entries)
  if (all.length > max) {
    yield tooMany(path, all.length, max)
    return
  }
  for (const [key, value] of all) {
    yield* checkKey(key, path)
    yield* checkValue(value, path.key(key))
  }
}
