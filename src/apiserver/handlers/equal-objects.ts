import type { KubeObject } from "../../apimachinery/meta.ts"

/** Whether two states of an object differ in anything but their version: a write of the same writes nothing. */
export function equalButVersion(a: KubeObject, b: KubeObject): boolean {
  const { metadata: metadataA, ...restA } = a
  const { metadata: metadataB, ...restB } = b
  const { resourceVersion: _, ...metaA } = metadataA
  const { resourceVersion: __, ...metaB } = metadataB
  return deepEqual(metaA, metaB) && deepEqual(restA, restB)
}

/** JSON values; a field that is undefined is absent. Shared parts are equal without being looked into. */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
    return a.every((item, index) => deepEqual(item, b[index]))
  }
  return equalFields(a as Record<string, unknown>, b as Record<string, unknown>)
}

function equalFields(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  let fields = 0
  for (const key in a) {
    if (a[key] === undefined) continue
    fields++
    if (!deepEqual(a[key], b[key])) return false
  }
  for (const key in b) if (b[key] !== undefined) fields--
  return fields === 0
}
