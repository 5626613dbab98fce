import { ValueMap } from "../values/collections.ts"
import { formatKey } from "../values/format-value.ts"
import { CelError, type CelMap, type CelResult, type CelValue } from "../values/value.ts"
import { overload } from "./function.ts"

/** What the macros transformMap and transformMapEntry add to their results with. */
export const mapFunctions = [
  overload("@mapInsert_map_key_value", "cel.@mapInsert(map(K, V), K, V): map(K, V)", insert),
  overload(
    "@mapInsert_map_map",
    "cel.@mapInsert(map(K, V), map(K, V)): map(K, V)",
    (map: CelMap, added: CelMap) => {
      let result: CelResult = map
      for (const key of added.entryKeys()) {
        if (!(result instanceof ValueMap) && result !== map) return result
        result = insert(result, key, added.find(key) as CelValue)
      }
      return result
    },
  ),
]

function insert(map: CelMap, key: CelValue, value: CelValue): CelResult {
  if (map.find(key) !== undefined) return new CelError(`insert failed: key ${formatKey(key)} already exists`)
  const entries = [...map.entryKeys()].map((known) => [known, map.find(known) as CelValue] as const)
  return ValueMap.of([...entries, [key, value]])
}
