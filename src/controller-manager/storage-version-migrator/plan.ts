import type { Condition } from "../../api/meta/v1/condition.ts"
import type { StorageVersionMigration } from "../../api/storagemigration/v1beta1/storage-version-migration.ts"

/** What is to be done for a migration now; each step is written down before the next one. */
export type Step =
  /** It is over, or another migration of the same resource has its turn. */
  | { readonly kind: "wait" }
  | { readonly kind: "begin" }
  | { readonly kind: "findVersion" }
  | { readonly kind: "migrate"; readonly upTo: bigint }
  | { readonly kind: "finish"; readonly isSuccess: boolean }

/** @param all the migrations of the same resource, this one among them */
export function planStep(migration: StorageVersionMigration, all: readonly StorageVersionMigration[]): Step {
  if (isRunning(migration)) {
    if (isOver(migration)) return { kind: "finish", isSuccess: has(migration, "Succeeded") }
    const { resourceVersion } = migration.status
    return resourceVersion ? { kind: "migrate", upTo: BigInt(resourceVersion) } : { kind: "findVersion" }
  }
  if (isOver(migration)) return { kind: "wait" }
  const isFree = !all.some((each) => isRunning(each))
  return isFree && firstWaiting(all) === migration.metadata.name ? { kind: "begin" } : { kind: "wait" }
}

/** One at a time, the oldest first. */
function firstWaiting(all: readonly StorageVersionMigration[]): string | undefined {
  const waiting = all.filter((each) => !isRunning(each) && !isOver(each))
  const order = ({ metadata }: StorageVersionMigration) => `${metadata.creationTimestamp} ${metadata.name}`
  return waiting.sort((a, b) => (order(a) < order(b) ? -1 : 1))[0]?.metadata.name
}

function isRunning(migration: StorageVersionMigration): boolean {
  return has(migration, "Running")
}

function isOver(migration: StorageVersionMigration): boolean {
  return has(migration, "Succeeded") || has(migration, "Failed")
}

function has({ status }: StorageVersionMigration, type: string): boolean {
  return status.conditions?.some((each) => each.type === type && each.status === "True") ?? false
}

/** The conditions with `next` in the place of the one of its type. */
export function withCondition(conditions: readonly Condition[] | undefined, next: Condition): Condition[] {
  return [...(conditions ?? []).filter(({ type }) => type !== next.type), next]
}
