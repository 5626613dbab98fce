import { ValueList, elementsOf } from "../values/collections.ts"
import { compareValues } from "../values/compare.ts"
import { equal } from "../values/equal.ts"
import {
  CelDuration,
  CelError,
  type CelList,
  type CelResult,
  type CelValue,
  isError,
  isList,
  typeNameOf,
  UInt,
} from "../values/value.ts"
import { add } from "./arithmetic.ts"
import { overload, type Overload } from "./function.ts"

const summable: readonly (readonly [type: string, zero: CelValue])[] = [
  ["int", 0n],
  ["uint", new UInt(0n)],
  ["double", 0],
  ["duration", new CelDuration(0n)],
]
const comparable = ["int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes"]

/** Kubernetes' functions on lists, and cel-go's as of their third version. */
export const listFunctions: readonly Overload[] = [
  ...comparable.map((type) =>
    overload(`list_${type}_is_sorted_bool`, `list(${type}).isSorted(): bool`, isSorted),
  ),
  ...summable.map(([type, zero]) =>
    overload(`list_${type}_sum_${type}`, `list(${type}).sum(): ${type}`, (list: CelList) => sum(list, zero)),
  ),
  ...comparable.map((type) =>
    overload(`list_${type}_max_${type}`, `list(${type}).max(): ${type}`, (list: CelList) =>
      extreme(list, "max", -1),
    ),
  ),
  ...comparable.map((type) =>
    overload(`list_${type}_min_${type}`, `list(${type}).min(): ${type}`, (list: CelList) =>
      extreme(list, "min", 1),
    ),
  ),
  overload("list_a_index_of_int", "list(A).indexOf(A): int", (list: CelList, value: CelValue) =>
    BigInt([...elementsOf(list)].findIndex((element) => equal(element, value))),
  ),
  overload("list_a_last_index_of_int", "list(A).lastIndexOf(A): int", (list: CelList, value: CelValue) =>
    BigInt([...elementsOf(list)].findLastIndex((element) => equal(element, value))),
  ),
  overload("list_slice", "list(T).slice(int, int): list(T)", slice),
  overload("list_flatten", "list(list(T)).flatten(): list(T)", (list: CelList) => flatten(list, 1n)),
  overload("list_flatten_int", "list(dyn).flatten(int): list(dyn)", flatten),
  ...comparable.map((type) =>
    overload(`list_${idOf(type)}_sort`, `list(${type}).sort(): list(${type})`, (list: CelList) =>
      sortBy(list, list),
    ),
  ),
  ...comparable.map((type) =>
    overload(
      `list_${idOf(type)}_sortByAssociatedKeys`,
      `list(T).@sortByAssociatedKeys(list(${type})): list(T)`,
      sortBy,
    ),
  ),
  overload("lists_range", "lists.range(int): list(int)", range),
  overload("list_reverse", "list(T).reverse(): list(T)", (list: CelList) =>
    listOf([...elementsOf(list)].reverse()),
  ),
  overload("list_distinct", "list(T).distinct(): list(T)", distinct),
]

function idOf(type: string): string {
  if (type === "duration") return "google.protobuf.Duration"
  return type === "timestamp" ? "google.protobuf.Timestamp" : type
}

function listOf(elements: readonly CelResult[]): CelResult {
  return elements.find(isError) ?? new ValueList(elements as readonly CelValue[])
}

function isSorted(list: CelList): CelResult {
  for (let index = 1; index < list.size; index++) {
    const order = compareValues(list.at(index - 1), list.at(index))
    if (typeof order === "number" && order > 0) return false
  }
  return true
}

function sum(list: CelList, zero: CelValue): CelResult {
  let total: CelResult = zero
  for (const element of elementsOf(list)) {
    if (isError(total)) return total
    if (isError(element)) return element
    total = add(total, element)
  }
  return total
}

function extreme(list: CelList, name: string, replaceAt: number): CelResult {
  let found: CelResult | undefined
  for (const element of elementsOf(list)) {
    const order = found === undefined ? replaceAt : compareValues(found, element)
    if (order === "none") return new CelError("no such overload")
    if (order !== undefined && Math.sign(order) === replaceAt) found = element
  }
  return found ?? new CelError(`${name} called on empty list`)
}

function slice(list: CelList, start: bigint, end: bigint): CelResult {
  const refuse = (why: string) => new CelError(`cannot slice(${start}, ${end}), ${why}`)
  if (start < 0n || end < 0n) return refuse("negative indexes not supported")
  if (start > end) return refuse("start index must be less than or equal to end index")
  if (end > list.size) return refuse(`list is length ${list.size}`)
  return listOf([...elementsOf(list)].slice(Number(start), Number(end)))
}

function flatten(list: CelList, depth: bigint): CelResult {
  if (depth < 0n) return new CelError("level must be non-negative")
  return listOf(flattened(list, depth))
}

function flattened(list: CelList, depth: bigint): CelResult[] {
  return [...elementsOf(list)].flatMap((element) =>
    depth > 0n && isList(element) ? flattened(element, depth - 1n) : [element],
  )
}

function sortBy(list: CelList, keys: CelList): CelResult {
  if (list.size !== keys.size) {
    const what = "@sortByAssociatedKeys() expected a list of the same size as the associated keys list"
    return new CelError(`${what}, but got ${list.size} and ${keys.size} elements respectively`)
  }
  if (list.size === 0) return list
  const entries = [...elementsOf(keys)].map((key, index) => ({ key, value: list.at(index) }))
  const [first] = entries as [(typeof entries)[number]]
  if (compareValues(first.key, first.key) === "none") return new CelError("list elements must be comparable")
  const type = typeNameOf(first.key)
  if (entries.some(({ key }) => typeNameOf(key) !== type))
    return new CelError("list elements must have the same type")
  entries.sort((a, b) => Number(compareValues(a.key, b.key) ?? 0))
  return listOf(entries.map(({ value }) => value))
}

// Longer lists than any budget allows are not made.
const maxRange = 1_000_000n

function range(length: bigint): CelResult {
  if (length > maxRange) return new CelError(`lists.range(${length}) is longer than ${maxRange}`)
  return new ValueList(Array.from({ length: Math.max(0, Number(length)) }, (_, index) => BigInt(index)))
}

function distinct(list: CelList): CelResult {
  const found: CelResult[] = []
  for (const element of elementsOf(list))
    if (!found.some((known) => equal(known, element))) found.push(element)
  return listOf(found)
}
