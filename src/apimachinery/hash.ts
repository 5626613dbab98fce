import { safeEncode } from "../base/random.ts"

/**
 * A short name for a JSON value, as in a ReplicaSet's `pod-template-hash`. Equal values give equal names whatever the
 * order of their fields; upstream hashes another form, so the letters differ from those of a real cluster.
 */
export function hashJson(value: unknown, collisionCount?: number): string {
  let hash = fnv1a(canonicalJson(value), 0x811c9dc5)
  if (collisionCount) hash = fnv1a(String(collisionCount), hash)
  return safeEncode(String(hash))
}

/** FNV-1a, 32 bits, over UTF-16 units, low byte first (http://www.isthe.com/chongo/tech/comp/fnv/). */
function fnv1a(text: string, start: number): number {
  let hash = start
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193)
    if (unit > 0xff) hash = Math.imul(hash ^ (unit >> 8), 0x01000193)
  }
  return hash >>> 0
}

/** JSON with sorted keys and without undefined members. */
export function canonicalJson(value: unknown): string {
  if (typeof value === "bigint") return String(value)
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null"
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`
  const members = Object.keys(value)
    .sort()
    .map((key) => [key, (value as Record<string, unknown>)[key]] as const)
    .filter(([, member]) => member !== undefined)
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`)
  return `{${members.join(",")}}`
}
