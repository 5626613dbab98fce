/**
 * Freezes a JSON value through and through. What is already frozen is taken to be so all the way down: everything frozen
 * in this program was frozen here, and new states share most of their parts with old ones.
 */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value
  for (const key in value) deepFreeze(value[key])
  return Object.freeze(value)
}
