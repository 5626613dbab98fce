import * as loaded from "sorted-btree"

/**
 * A map whose entries are in order of their keys: a B+ tree that `clone()` copies in constant time (nodes are shared and
 * copied on the first write). See https://www.npmjs.com/package/sorted-btree
 */
export type SortedMap<K, V> = import("sorted-btree").default<K, V>

type Constructor = new <K, V>(
  entries?: [K, V][],
  compare?: (a: K, b: K) => number,
  maxNodeSize?: number,
) => SortedMap<K, V>

// A CommonJS package: Node hands its `module.exports` over as the default export, bundlers unwrap it.
const outer = loaded.default as unknown as { default?: Constructor }
const BTree = outer.default ?? (outer as unknown as Constructor)

/** An empty map. `compare` gives a negative number, zero or a positive one, as for `Array.sort`. */
export function sortedMap<K, V>(compare: (a: K, b: K) => number): SortedMap<K, V> {
  return new BTree<K, V>(undefined, compare)
}

export function compareStrings(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

export function compareNumbers(a: number, b: number): number {
  return a - b
}
