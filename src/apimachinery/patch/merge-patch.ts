import { isRecord, type JsonRecord, setMember } from "../schema-plan.ts"
import { badRequest } from "../status-errors.ts"

/**
 * JSON merge patch, RFC 7386: members of the patch replace those of the document, null removes them, objects are merged
 * member by member, lists are replaced whole. The document is not changed; what the patch leaves alone is shared.
 */
export function applyMergePatch(document: JsonRecord, patch: unknown): JsonRecord {
  if (!isRecord(patch)) throw badRequest("Invalid JSON Patch")
  return merge(document, patch)
}

function merge(target: JsonRecord, patch: JsonRecord): JsonRecord {
  const result = { ...target }
  for (const key of Object.keys(patch)) {
    const change = patch[key]
    if (change === null || change === undefined) {
      delete result[key]
      continue
    }
    const current = Object.hasOwn(result, key) ? result[key] : undefined
    const merged = isRecord(current) && isRecord(change) ? merge(current, change) : withoutNulls(change)
    setMember(result, key, merged)
  }
  return result
}

/** There is nothing for these nulls to remove. Nulls that stand in lists are values. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (!isRecord(value)) return value
  const result: JsonRecord = {}
  for (const key of Object.keys(value)) {
    if (value[key] !== null && value[key] !== undefined) setMember(result, key, withoutNulls(value[key]))
  }
  return result
}
