import { type CelValue, UInt } from "./value.ts"

/** What tells keys of a map apart in a JavaScript Map: 1, 1u and 1.0 are one key. */
export function mapKey(key: CelValue): unknown {
  if (typeof key === "bigint") return key
  if (typeof key === "number") return Number.isInteger(key) ? BigInt(key) : key
  if (key instanceof UInt) return key.value
  return key
}

/** Doubles may be looked up, but cannot be written as keys. */
export function isMapKey(key: CelValue): boolean {
  return typeof key === "string" || typeof key === "bigint" || typeof key === "boolean" || key instanceof UInt
}
