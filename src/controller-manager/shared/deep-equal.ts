/** Whether two JSON values are the same, whatever the order of members; an undefined member is no member. */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b))
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((element, index) => deepEqual(element, b[index]))
    )
  const [first, second] = [a as Record<string, unknown>, b as Record<string, unknown>]
  for (const key of Object.keys(first)) if (!deepEqual(first[key], second[key])) return false
  for (const key of Object.keys(second)) if (!(key in first) && second[key] !== undefined) return false
  return true
}

/** For labels, annotations and other data: an absent map is an empty one, but an empty text is not an absent one. */
export function sameMap(
  a: Readonly<Record<string, string>> | undefined,
  b: Readonly<Record<string, string>> | undefined,
): boolean {
  return deepEqual(a ?? {}, b ?? {})
}
