/**
 * Whether two JSON values mean the same to the API, where a zero value ("" 0 false null, an empty list or map) is the
 * same as absence: what a controller computed says `readyReplicas: 0`, what the server stored leaves it out. For statuses; of labels and
 * other data an empty text means something, see deep-equal.ts.
 */
export function semanticallyEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (isZero(a) || isZero(b)) return isZero(a) && isZero(b)
  if (typeof a !== "object" || typeof b !== "object") return false
  if (Array.isArray(a) || Array.isArray(b)) return Array.isArray(a) && Array.isArray(b) && listsEqual(a, b)
  return mapsEqual(a as Record<string, unknown>, b as Record<string, unknown>)
}

function listsEqual(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((element, index) => semanticallyEqual(element, b[index]))
}

function mapsEqual(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean {
  for (const key of Object.keys(a)) if (!semanticallyEqual(a[key], b[key])) return false
  for (const key of Object.keys(b)) if (!(key in a) && !isZero(b[key])) return false
  return true
}

function isZero(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === 0 || value === false) return true
  if (typeof value !== "object") return false
  // A map with only zero values is one too: `{"limits": {}}`.
  return Array.isArray(value) ? value.length === 0 : Object.values(value).every(isZero)
}
