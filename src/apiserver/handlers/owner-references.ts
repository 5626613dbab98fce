import type { OwnerReference } from "../../apimachinery/meta.ts"
import type { RequestContext } from "../context.ts"
import type { Mutable } from "../registry/strategy.ts"
import { deepEqual } from "./equal-objects.ts"

const advice =
  "API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed:"

/** Takes out owner references that are there twice, and says so. */
export function dropDuplicateOwners(
  { warnings }: Pick<RequestContext, "warnings">,
  { metadata }: Mutable,
  when: "as sent" | "after admission",
): void {
  const references = metadata.ownerReferences
  if (!references || references.length < 2) return
  const kept: OwnerReference[] = []
  const duplicates: string[] = []
  for (const reference of references) {
    if (kept.some((other) => deepEqual(other, reference))) duplicates.push(reference.uid)
    else kept.push(reference)
  }
  if (duplicates.length === 0) return
  metadata.ownerReferences = kept
  const after = when === "after admission" ? " after mutating admission happens" : ""
  warnings.push(
    `.metadata.ownerReferences contains duplicate entries${after}; ${advice} ${duplicates.join(", ")}`,
  )
}
