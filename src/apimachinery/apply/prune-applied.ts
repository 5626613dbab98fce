import { type JsonRecord, type Plan } from "../schema-plan.ts"
import { difference, type FieldSet, intersection, isLeaf, union } from "./field-set.ts"
import { removeItems, withNamedFields } from "./remove-items.ts"
import { toFieldSet } from "./to-field-set.ts"

/**
 * Removes what an applier applied last time, does not apply now, and nobody else manages. Done as upstream does it: first
 * everything of last time is taken away, then what anyone owns is put back, and then what would have gone along without
 * ever having been the applier's (a list element that holds somebody's unowned field, say).
 */
export function pruneApplied(
  plan: Plan,
  merged: JsonRecord,
  last: FieldSet,
  current: FieldSet,
  othersManage: readonly FieldSet[],
): JsonRecord {
  // All that was applied is applied again: nothing to remove.
  if (isLeaf(difference(last, current))) return merged
  const lastNamed = withNamedFields(plan, last)
  const mergedNamed = withNamedFields(plan, toFieldSet(plan, merged))
  const namedIn = (object: JsonRecord) => withNamedFields(plan, toFieldSet(plan, object))

  const bare = removeItems(plan, merged, lastNamed)
  const managed = withNamedFields(plan, [current, ...othersManage].reduce(union))
  const owned = removeItems(plan, merged, difference(difference(mergedNamed, namedIn(bare)), managed))
  return removeItems(plan, merged, intersection(difference(mergedNamed, namedIn(owned)), lastNamed))
}
