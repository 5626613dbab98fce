import { elementsOf } from "../values/collections.ts"
import { containsValue } from "../values/equal.ts"
import type { CelList } from "../values/value.ts"
import { overload } from "./function.ts"

/** Lists as sets. */
export const setFunctions = [
  overload("list_sets_contains_list", "sets.contains(list(T), list(T)): bool", containsAll),
  overload(
    "list_sets_equivalent_list",
    "sets.equivalent(list(T), list(T)): bool",
    (a: CelList, b: CelList) => containsAll(a, b) && containsAll(b, a),
  ),
  overload("list_sets_intersects_list", "sets.intersects(list(T), list(T)): bool", (a: CelList, b: CelList) =>
    [...elementsOf(a)].some((element) => containsValue(b, element)),
  ),
]

function containsAll(list: CelList, part: CelList): boolean {
  return [...elementsOf(part)].every((element) => containsValue(list, element))
}
