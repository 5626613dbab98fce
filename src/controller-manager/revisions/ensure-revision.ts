import { ControllerRevision } from "../../api/apps/v1/controller-revision.ts"
import { keyOf } from "../../apimachinery/meta.ts"
import { isStatusError } from "../../apimachinery/status-error.ts"
import type { Client } from "../../client/client.ts"
import { deepEqual } from "../shared/deep-equal.ts"
import { planRevision, type Templated } from "./revisions.ts"

export type EnsuredRevision =
  | { readonly kind: "ok"; readonly revision: ControllerRevision }
  /** Another workload's revision has the name: count the collision in the status, and try again. */
  | { readonly kind: "collision"; readonly collisionCount: number }

/** Makes sure that the newest revision is the owner's present template. */
export async function ensureRevision(
  client: Client,
  owner: Templated,
  revisions: readonly ControllerRevision[],
  collisionCount: number | undefined,
): Promise<EnsuredRevision> {
  const plan = planRevision(owner, revisions, collisionCount)
  if (plan.kind === "present") return { kind: "ok", revision: plan.revision }
  if (plan.kind === "renumber")
    return { kind: "ok", revision: await client.update(ControllerRevision, plan.revision) }
  try {
    return { kind: "ok", revision: await client.create(ControllerRevision, plan.revision) }
  } catch (error) {
    if (!isStatusError(error, "AlreadyExists")) throw error
    const existing = await client.get(ControllerRevision, keyOf(plan.revision as ControllerRevision))
    const isOurs = existing.metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid)
    if (isOurs && deepEqual(existing.data, plan.revision.data)) return { kind: "ok", revision: existing }
    return { kind: "collision", collisionCount: (collisionCount ?? 0) + 1 }
  }
}
