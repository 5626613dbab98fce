import { type CelResult, UInt } from "./value.ts"

type Numeric = bigint | number | UInt

export function isNumeric(value: CelResult): value is Numeric {
  return typeof value === "bigint" || typeof value === "number" || value instanceof UInt
}

/**
 * Below, at or above zero; undefined when one of them is not a number. An integer is compared with a double as the nearest
 * double, which is what cel-go does.
 */
export function compareNumbers(a: Numeric, b: Numeric): number | undefined {
  const left = a instanceof UInt ? a.value : a
  const right = b instanceof UInt ? b.value : b
  if (typeof left === typeof right) return order(left, right)
  return order(Number(left), Number(right))
}

function order<T extends bigint | number>(a: T, b: T): number | undefined {
  if (a < b) return -1
  if (a > b) return 1
  return a === b ? 0 : undefined
}

/** The order of two values; "none" when they have none, undefined with NaN, which is in no order with anything. */
export function compareValues(a: CelResult, b: CelResult): number | "none" | undefined {
  if (isNumeric(a)) return isNumeric(b) ? compareNumbers(a, b) : "none"
  if (typeof a === "string") return typeof b === "string" ? compareStrings(a, b) : "none"
  if (typeof a === "boolean") return typeof b === "boolean" ? Number(a) - Number(b) : "none"
  if (a instanceof Uint8Array) return b instanceof Uint8Array ? compareBytes(a, b) : "none"
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return "none"
  if (b instanceof Uint8Array || a.kind !== b.kind) return "none"
  if (a.kind !== "duration" && a.kind !== "timestamp") return "none"
  const [left, right] = [a.nanos, (b as typeof a).nanos]
  return left < right ? -1 : left > right ? 1 : 0
}

/** By code point, which is how UTF-8 orders and JavaScript does not. */
export function compareStrings(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const [left, right] = [a.charCodeAt(index), b.charCodeAt(index)]
    if (left === right) continue
    const [leftIsSurrogate, rightIsSurrogate] = [
      left >= 0xd800 && left < 0xe000,
      right >= 0xd800 && right < 0xe000,
    ]
    if (leftIsSurrogate !== rightIsSurrogate) return leftIsSurrogate ? 1 : -1
    return left - right
  }
  return a.length - b.length
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}
