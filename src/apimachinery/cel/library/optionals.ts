import { elementsOf, ValueList } from "../values/collections.ts"
import { formatKey } from "../values/format-value.ts"
import {
  CelError,
  CelOptional,
  type CelList,
  type CelResult,
  type CelValue,
  isError,
  noValue,
  sizeOf,
  UInt,
} from "../values/value.ts"
import { overload } from "./function.ts"

/** Values that may be absent: `optional.of(x)`, `a.?b.orValue(c)`. */
export const optionalFunctions = [
  overload("optional_of", "optional.of(V): optional(V)", (value: CelValue) => new CelOptional(value)),
  overload("optional_ofNonZeroValue", "optional.ofNonZeroValue(V): optional(V)", (value: CelValue) =>
    isZero(value) ? noValue : new CelOptional(value),
  ),
  overload("optional_none", "optional.none(): optional(V)", () => noValue),
  overload("optional_value", "optional(V).value(): V", valueOf),
  overload(
    "optional_hasValue",
    "optional(V).hasValue(): bool",
    ({ value }: CelOptional) => value !== undefined,
  ),
  // Planned apart, since what stands on the right is not evaluated where the left has a value.
  overload(
    "optional_or_optional",
    "optional(V).or(optional(V)): optional(V)",
    (a: CelOptional, b: CelOptional) => (a.value === undefined ? b : a),
  ),
  overload("optional_orValue_value", "optional(V).orValue(V): V", (a: CelOptional, b: CelValue) =>
    a.value === undefined ? b : a.value,
  ),
  overload("list_first", "list(V).first(): optional(V)", (list: CelList) => elementOf(list, 0)),
  overload("list_last", "list(V).last(): optional(V)", (list: CelList) => elementOf(list, list.size - 1)),
  overload("optional_unwrap", "optional.unwrap(list(optional(V))): list(V)", unwrap),
  overload("optional_unwrapOpt", "list(optional(V)).unwrapOpt(): list(V)", unwrap),
]

function elementOf(list: CelList, index: number): CelResult {
  if (list.size === 0) return noValue
  const element = list.at(index)
  return isError(element) ? element : new CelOptional(element)
}

function unwrap(list: CelList): CelResult {
  const values: CelValue[] = []
  for (const element of elementsOf(list)) {
    if (!(element instanceof CelOptional)) return new CelError(`value ${formatKey(element)} is not optional`)
    if (element.value !== undefined) values.push(element.value)
  }
  return new ValueList(values)
}

function valueOf({ value }: CelOptional): CelResult {
  return value === undefined ? new CelError("optional.none() dereference") : value
}

function isZero(value: CelValue): boolean {
  if (value === null || value === false || value === 0 || value === 0n || value === "") return true
  if (value instanceof UInt) return value.value === 0n
  if (typeof value !== "object" || isError(value)) return false
  if ("kind" in value && value.kind === "duration") return value.nanos === 0n
  if ("kind" in value && value.kind === "optional") return value.value === undefined
  return sizeOf(value) === 0
}
