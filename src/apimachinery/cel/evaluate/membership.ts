import { elementsOf } from "../values/collections.ts"
import { mapKey } from "../values/map-key.ts"
import { type CelList, type CelValue, isError, isList, UInt } from "../values/value.ts"
import type { Planned } from "./planned.ts"

/** `x in [1, 2, 3]` looks into a set, at no cost; undefined where the list is not constant or holds more than scalars. */
export function planMembership([element, list]: readonly Planned[]): Planned | undefined {
  const constant = list?.constant
  if (!element || constant === undefined || !isList(constant)) return undefined
  if (constant.size === 0) return { step: () => false, constant: false }
  const known = setOf(constant)
  if (!known) return undefined
  return {
    step: (frame) => {
      const value = element.step(frame)
      return isError(value) ? value : known.has(mapKey(value))
    },
  }
}

function setOf(list: CelList): ReadonlySet<unknown> | undefined {
  const values = [...elementsOf(list)] as CelValue[]
  return values.every(isScalar) ? new Set(values.map(mapKey)) : undefined
}

function isScalar(value: CelValue): boolean {
  return ["string", "bigint", "number", "boolean"].includes(typeof value) || value instanceof UInt
}
