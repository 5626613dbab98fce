/**
 * Objects that several readers share are frozen, whole. A frozen part is taken to be frozen to its leaves: parts that two
 * versions of an object share are walked once. So only objects that were frozen here may be called frozen.
 */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value
  if (Array.isArray(value)) {
    for (const element of value) if (typeof element === "object") deepFreeze(element)
  } else {
    for (const key in value) {
      const member = (value as Record<string, unknown>)[key]
      if (typeof member === "object") deepFreeze(member)
    }
  }
  return Object.freeze(value)
}

/** The same value with every frozen part replaced by a copy that may be changed. Parts that are not frozen stay. */
export function thaw<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value
  if (Array.isArray(value)) return thawArray(value) as T
  const source = value as Record<string, unknown>
  const target = Object.isFrozen(value) ? { ...source } : source
  for (const key of Object.keys(source)) {
    const member = source[key]
    if (typeof member !== "object" || member === null) continue
    const thawed = thaw(member)
    // "__proto__" can be no member here that holds an object and is known to a schema.
    if (thawed !== member && key !== "__proto__") target[key] = thawed
  }
  return target as T
}

function thawArray(value: unknown[]): unknown[] {
  const target = Object.isFrozen(value) ? value.slice() : value
  for (let index = 0; index < value.length; index++) {
    const element = value[index]
    if (typeof element === "object" && element !== null) target[index] = thaw(element)
  }
  return target
}

/** A deep copy of a JSON value. Several times faster than structuredClone. */
export function copyJson<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value
  if (Array.isArray(value)) return value.map(copyJson) as T
  const copy = { ...value } as Record<string, unknown>
  for (const key in copy) {
    const member = copy[key]
    if (typeof member === "object" && member !== null && key !== "__proto__") copy[key] = copyJson(member)
  }
  return copy as T
}
