/**
 * Equality of two states of an object as its users see them: null, an absent field and an empty list all say "nothing".
 */
export function semanticEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== "object" || typeof b !== "object") return isNothing(a) && isNothing(b)
  if (a === null || b === null) return isNothing(a) && isNothing(b)
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b)) return isNothing(a) && isNothing(b)
    return a.length === b.length && a.every((item, index) => semanticEqual(item, b[index]))
  }
  return equalMembers(a as Record<string, unknown>, b as Record<string, unknown>)
}

function equalMembers(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  for (const key in a) if (!semanticEqual(a[key], b[key])) return false
  for (const key in b) if (!(key in a) && !isNothing(b[key])) return false
  return true
}

function isNothing(value: unknown): boolean {
  if (value === undefined || value === null) return true
  // An empty message is something: `emptyDir: {}`.
  return Array.isArray(value) && value.length === 0
}
