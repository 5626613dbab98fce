/** Whether two JSON values are the same, whatever the order of their members. A member that is undefined is absent. */
export function jsonEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return sameNumber(a, b)
  if (Array.isArray(a)) return Array.isArray(b) && sameElements(a, b)
  return !Array.isArray(b) && sameMembers(a as Record<string, unknown>, b as Record<string, unknown>)
}

function sameElements(a: unknown[], b: unknown[]): boolean {
  if (a.length !== b.length) return false
  for (let index = 0; index < a.length; index++) {
    if (!jsonEqual(a[index], b[index])) return false
  }
  return true
}

function sameMembers(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  let members = 0
  // The engine reads members fastest in a loop over their names.
  for (const key in a) {
    const member = a[key]
    if (member === undefined) continue
    members++
    if (!Object.hasOwn(b, key) || !jsonEqual(member, b[key])) return false
  }
  for (const key in b) if (b[key] !== undefined) members--
  return members === 0
}

// One and the same integer may have come as number and as bigint.
function sameNumber(a: unknown, b: unknown): boolean {
  return typeof a === "bigint" && typeof b === "number"
    ? Number(a) === b
    : typeof b === "bigint" && Number(b) === a
}
