import { formatKey } from "../values/format-value.ts"
import {
  CelError,
  type CelList,
  CelOptional,
  type CelResult,
  type CelValue,
  isError,
  isList,
  isMap,
  noValue,
  typeNameOf,
  UInt,
} from "../values/value.ts"

/** `value[key]`, and `value.field` with the field's name as the key. */
export function select(value: CelResult, key: CelResult): CelResult {
  if (isError(value)) return value
  if (isError(key)) return key
  if (isMap(value)) {
    const found = value.find(key)
    return found === undefined ? noSuchKey(key) : found
  }
  if (isList(value)) return selectIndex(value, key)
  if (!(value instanceof CelOptional)) return noSuchKey(key)
  // What is absent stays absent, however deep one looks; what can have no parts is asked in vain.
  const { value: inner } = value
  const isContainer = inner === undefined || isMap(inner) || isList(inner) || inner instanceof CelOptional
  return isContainer ? selectOptional(value, key) : noSuchKey(key)
}

function noSuchKey(key: CelValue): CelError {
  return new CelError(`no such key: ${formatKey(key)}`)
}

/** `value?.field`: an optional that is empty where there is nothing. */
export function selectOptional(value: CelResult, key: CelResult): CelResult {
  if (isError(value)) return value
  if (isError(key)) return key
  if (value instanceof CelOptional)
    return value.value === undefined ? noValue : selectOptional(value.value, key)
  if (isMap(value)) return wrap(value.find(key))
  if (!isList(value)) return noValue
  const index = indexOf(key)
  if (isError(index)) return index
  return index < 0n || index >= value.size ? noValue : wrap(value.at(Number(index)))
}

/** `has(value.field)` */
export function has(value: CelResult, field: string): CelResult {
  if (isError(value)) return value
  if (value instanceof CelOptional) return value.value === undefined ? false : has(value.value, field)
  // Nothing but a map has parts with names; a list says so, anything else just has none.
  if (isList(value)) return selectIndex(value, field)
  if (!isMap(value)) return false
  const found = value.find(field)
  return found !== undefined && isError(found) ? found : found !== undefined
}

function wrap(found: CelResult | undefined): CelResult {
  if (found === undefined) return noValue
  return isError(found) ? found : new CelOptional(found)
}

function selectIndex(list: CelList, key: CelValue): CelResult {
  const index = indexOf(key)
  if (isError(index)) return index
  if (index < 0n || index >= list.size) return new CelError(`index out of bounds: ${index}`)
  return list.at(Number(index))
}

function indexOf(key: CelValue): bigint | CelError {
  if (typeof key === "bigint") return key
  if (key instanceof UInt) return key.value
  if (typeof key === "number") {
    return Number.isInteger(key) ? BigInt(key) : new CelError(`unsupported index value ${key} in list`)
  }
  return new CelError(`unsupported index type '${typeNameOf(key)}' in list`)
}
