/** The arithmetic of the language: exact in 64 bits, an error where a result does not fit. */
import { GrowingList, ValueList } from "../values/collections.ts"
import { listMapKey, containsValue } from "../values/equal.ts"
import { elementsOf } from "../values/collections.ts"
import { timestampAt } from "../values/timestamp.ts"
import {
  CelDuration,
  CelError,
  type CelList,
  type CelResult,
  CelTimestamp,
  type CelValue,
  isError,
  isList,
  maxInt,
  maxUint,
  minInt,
  UInt,
} from "../values/value.ts"

const noSuchOverload = new CelError("no such overload")
const intOverflow = new CelError("integer overflow")
const uintOverflow = new CelError("unsigned integer overflow")
const durationOverflow = new CelError("duration overflow")

function int(value: bigint): CelResult {
  return value > maxInt || value < minInt ? intOverflow : value
}

function uint(value: bigint): CelResult {
  return value > maxUint || value < 0n ? uintOverflow : new UInt(value)
}

export function duration(nanos: bigint): CelResult {
  return nanos > maxInt || nanos < minInt ? durationOverflow : new CelDuration(nanos)
}

export function add(a: CelValue, b: CelValue): CelResult {
  if (typeof a === "bigint") return typeof b === "bigint" ? int(a + b) : noSuchOverload
  if (typeof a === "string") return typeof b === "string" ? a + b : noSuchOverload
  if (typeof a === "number") return typeof b === "number" ? a + b : noSuchOverload
  if (a instanceof UInt) return b instanceof UInt ? uint(a.value + b.value) : noSuchOverload
  if (isList(a)) return isList(b) ? concatenate(a, b) : noSuchOverload
  if (a instanceof Uint8Array) return b instanceof Uint8Array ? Uint8Array.from([...a, ...b]) : noSuchOverload
  if (a instanceof CelDuration) {
    if (b instanceof CelDuration) return duration(a.nanos + b.nanos)
    return b instanceof CelTimestamp ? timestampAt(a.nanos + b.nanos) : noSuchOverload
  }
  if (a instanceof CelTimestamp && b instanceof CelDuration) return timestampAt(a.nanos + b.nanos)
  return noSuchOverload
}

export function subtract(a: CelValue, b: CelValue): CelResult {
  if (typeof a === "bigint") return typeof b === "bigint" ? int(a - b) : noSuchOverload
  if (typeof a === "number") return typeof b === "number" ? a - b : noSuchOverload
  if (a instanceof UInt) return b instanceof UInt ? uint(a.value - b.value) : noSuchOverload
  if (a instanceof CelDuration) return b instanceof CelDuration ? duration(a.nanos - b.nanos) : noSuchOverload
  if (!(a instanceof CelTimestamp)) return noSuchOverload
  if (b instanceof CelTimestamp) return duration(a.nanos - b.nanos)
  return b instanceof CelDuration ? timestampAt(a.nanos - b.nanos) : noSuchOverload
}

export function multiply(a: CelValue, b: CelValue): CelResult {
  if (typeof a === "bigint") return typeof b === "bigint" ? int(a * b) : noSuchOverload
  if (typeof a === "number") return typeof b === "number" ? a * b : noSuchOverload
  return a instanceof UInt && b instanceof UInt ? uint(a.value * b.value) : noSuchOverload
}

export function divide(a: CelValue, b: CelValue): CelResult {
  if (typeof a === "number") return typeof b === "number" ? a / b : noSuchOverload
  return divideWhole(a, b, "division by zero", (dividend, divisor) => dividend / divisor)
}

export function remainder(a: CelValue, b: CelValue): CelResult {
  return divideWhole(a, b, "modulus by zero", (dividend, divisor) => dividend % divisor)
}

function divideWhole(
  a: CelValue,
  b: CelValue,
  byZero: string,
  operate: (dividend: bigint, divisor: bigint) => bigint,
): CelResult {
  if (typeof a === "bigint" && typeof b === "bigint") {
    if (b === 0n) return new CelError(byZero)
    // The one quotient that does not fit; upstream refuses its remainder too.
    if (a === minInt && b === -1n) return intOverflow
    return operate(a, b)
  }
  if (!(a instanceof UInt) || !(b instanceof UInt)) return noSuchOverload
  return b.value === 0n ? new CelError(byZero) : new UInt(operate(a.value, b.value))
}

export function negate(a: CelValue): CelResult {
  if (typeof a === "bigint") return int(-a)
  if (typeof a === "number") return -a
  return a instanceof CelDuration ? duration(-a.nanos) : noSuchOverload
}

/** Lists of type "set" and "map" add as server-side apply merges them: what is there already is not added again. */
export function concatenate(a: CelList, b: CelList): CelResult {
  if (a.listType === "set") return union(a, b)
  if (a.listType === "map") return mergeByKey(a, b)
  if (a instanceof GrowingList) return a.append(b)
  return listOf([...elementsOf(a), ...elementsOf(b)])
}

function listOf(elements: readonly CelResult[]): CelResult {
  return elements.find(isError) ?? new ValueList(elements as readonly CelValue[])
}

function union(a: CelList, b: CelList): CelResult {
  return listOf([...elementsOf(a), ...[...elementsOf(b)].filter((element) => !containsValue(a, element))])
}

function mergeByKey(a: CelList, b: CelList): CelResult {
  const keys = a.keys ?? []
  const replaced = new Map([...elementsOf(b)].map((element) => [listMapKey(element, keys), element]))
  const kept = [...elementsOf(a)].map((element) => {
    const key = listMapKey(element, keys)
    const newer = replaced.get(key)
    replaced.delete(key)
    return newer ?? element
  })
  return listOf([...kept, ...replaced.values()])
}
