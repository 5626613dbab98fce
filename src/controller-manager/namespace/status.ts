import type { Namespace, NamespaceCondition, NamespaceStatus } from "../../api/core/v1/namespace.ts"
import { withCondition } from "../shared/conditions.ts"
import type { Remaining } from "./delete-content.ts"

type Told = Pick<NamespaceCondition, "type" | "status" | "reason" | "message">

/** What `kubectl describe namespace` says about a namespace that does not go away, and why. */
export function computeStatus(
  namespace: Namespace,
  remaining: Remaining,
  stale: readonly string[],
  nowMs: number,
): NamespaceStatus {
  let conditions = namespace.status.conditions ?? []
  for (const condition of tell(remaining, stale)) conditions = withCondition(conditions, condition, nowMs)
  return { ...namespace.status, phase: "Terminating", conditions }
}

function tell({ counts, finalizers, errors }: Remaining, stale: readonly string[]): readonly Told[] {
  const remains = Array.from(
    counts,
    ([{ plural, group }, count]) => `${plural}.${group} has ${count} resource instances`,
  )
  const held = Array.from(finalizers, ([name, count]) => `${name} in ${count} resource instances`)
  return [
    choose(
      "NamespaceDeletionDiscoveryFailure",
      stale.length > 0 && {
        reason: "DiscoveryFailed",
        message: `Discovery failed for some groups, ${stale.length} failing: unable to retrieve the complete list of server APIs: ${stale.join(", ")}`,
      },
      { reason: "ResourcesDiscovered", message: "All resources successfully discovered" },
    ),
    choose("NamespaceDeletionGroupVersionParsingFailure", false, {
      reason: "ParsedGroupVersions",
      message: "All legacy kube types successfully parsed",
    }),
    choose(
      "NamespaceDeletionContentFailure",
      errors.length > 0 && {
        reason: "ContentDeletionFailed",
        message: `Failed to delete all resource types, ${errors.length} remaining: ${sorted(errors)}`,
      },
      {
        reason: "ContentDeleted",
        message: "All content successfully deleted, may be waiting on finalization",
      },
    ),
    choose(
      "NamespaceContentRemaining",
      remains.length > 0 && {
        reason: "SomeResourcesRemain",
        message: `Some resources are remaining: ${sorted(remains)}`,
      },
      { reason: "ContentRemoved", message: "All content successfully removed" },
    ),
    choose(
      "NamespaceFinalizersRemaining",
      held.length > 0 && {
        reason: "SomeFinalizersRemain",
        message: `Some content in the namespace has finalizers remaining: ${sorted(held)}`,
      },
      { reason: "ContentHasNoFinalizers", message: "All content-preserving finalizers finished" },
    ),
  ]
}

type Words = { readonly reason: string; readonly message: string }

function choose(type: string, bad: false | Words, good: Words): Told {
  return bad ? { type, status: "True", ...bad } : { type, status: "False", ...good }
}

function sorted(texts: readonly string[]): string {
  return [...texts].sort().join(", ")
}
