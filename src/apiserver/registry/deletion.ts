import type { KubeObject } from "../../apimachinery/meta.ts"
import { conflict } from "../../apimachinery/status-errors.ts"
import { parseTime, formatTime } from "../../apimachinery/time.ts"
import type { DeleteOptions } from "../handlers/delete-options.ts"
import type { ServedResource } from "./served-resources.ts"
import type { Mutable } from "./strategy.ts"

/**
 * What deleting an object means, as a pure decision. An object goes at once when nothing holds it; finalizers and a grace
 * period hold it, and then deleting only marks it. A second request may shorten the grace period, never lengthen it
 * (https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/).
 */
export type Deletion =
  | { readonly kind: "remove"; readonly last: KubeObject }
  /** Marked as being deleted; somebody else finishes it. */
  | { readonly kind: "mark"; readonly object: KubeObject }
  /** On its way already, and nothing about it changes. */
  | { readonly kind: "none" }

export const orphanFinalizer = "orphan"
export const foregroundFinalizer = "foregroundDeletion"

export function planDeletion(
  served: ServedResource,
  current: KubeObject,
  options: DeleteOptions,
  nowMs: number,
): Deletion {
  checkDeletePreconditions(served, current, options)
  const graceful = planGrace(served, current, options, nowMs)
  if (graceful === "pending") return { kind: "none" }
  const old = current.metadata.finalizers ?? []
  const finalizers = finalizersAfter(served, current, options)
  const sameFinalizers = finalizers.length === old.length && finalizers.every((name) => old.includes(name))
  let object = graceful ?? current
  if (!sameFinalizers) object = withMetadata(object, { finalizers: [...finalizers] })
  if (finalizers.length > 0 || served.strategy.isHeld?.(current)) {
    const marked = graceful ? object : mark(served, object, nowMs)
    return marked === current ? { kind: "none" } : { kind: "mark", object: marked }
  }
  if (graceful && (graceful.metadata.deletionGracePeriodSeconds ?? 0) > 0) return { kind: "mark", object }
  return { kind: "remove", last: object }
}

export function checkDeletePreconditions(
  { resource }: ServedResource,
  { metadata }: KubeObject,
  { preconditions }: Pick<DeleteOptions, "preconditions">,
): void {
  const { uid, resourceVersion } = preconditions ?? {}
  // Here upstream names the kind where it otherwise names the resource.
  const named = { group: resource.group, plural: resource.kind }
  if (uid !== undefined && uid !== metadata.uid) {
    const text = `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`
    throw conflict(named, metadata.name, text)
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    const text = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`
    throw conflict(named, metadata.name, text)
  }
}

/** The object with its grace period set or shortened; undefined: the kind has none; "pending": nothing to change. */
function planGrace(
  { strategy }: ServedResource,
  current: KubeObject,
  { gracePeriodSeconds: requested }: DeleteOptions,
  nowMs: number,
): KubeObject | "pending" | undefined {
  if (!strategy.gracePeriodSeconds) return undefined
  const { deletionTimestamp, deletionGracePeriodSeconds, generation } = current.metadata
  if (deletionTimestamp !== undefined) {
    if (requested === undefined || deletionGracePeriodSeconds === undefined) return "pending"
    const shorter = Math.max(requested, requested < 0 ? 1 : 0)
    if (shorter >= deletionGracePeriodSeconds) return "pending"
    const startMs = parseTime(deletionTimestamp) - deletionGracePeriodSeconds * 1000
    return withMetadata(current, {
      deletionTimestamp: formatTime(startMs + shorter * 1000),
      deletionGracePeriodSeconds: shorter,
    })
  }
  const seconds = strategy.gracePeriodSeconds(current, requested)
  return withMetadata(current, {
    deletionTimestamp: formatTime(nowMs + seconds * 1000),
    deletionGracePeriodSeconds: seconds,
    // Controllers behave differently from now on, so it counts as a new generation.
    ...(generation && { generation: generation + 1 }),
  })
}

/** For kinds without a grace period, held by finalizers alone. */
function mark({ strategy }: ServedResource, object: KubeObject, nowMs: number): KubeObject {
  const { deletionTimestamp, deletionGracePeriodSeconds, generation } = object.metadata
  if (deletionTimestamp !== undefined && !deletionGracePeriodSeconds) return object
  const marked = withMetadata(object, {
    deletionTimestamp: deletionTimestamp ?? formatTime(nowMs),
    deletionGracePeriodSeconds: 0,
    ...(deletionGracePeriodSeconds === undefined && generation && { generation: generation + 1 }),
  })
  strategy.prepareForDelete?.(marked as Mutable)
  return marked
}

/** The garbage collector's two finalizers follow from what the deleter wants to happen to dependents. */
function finalizersAfter(
  { strategy }: ServedResource,
  { metadata }: KubeObject,
  options: DeleteOptions,
): readonly string[] {
  const old = metadata.finalizers ?? []
  const others = old.filter((name) => name !== orphanFinalizer && name !== foregroundFinalizer)
  if (strategy.garbageCollection === "unsupported") return others
  const wanted = dependentsAre(strategy.garbageCollection, old, options)
  if (wanted === "Orphan") return [...others, orphanFinalizer]
  return wanted === "Foreground" ? [...others, foregroundFinalizer] : others
}

function dependentsAre(
  byDefault: "background" | "orphan",
  old: readonly string[],
  { orphanDependents, propagationPolicy }: DeleteOptions,
): string {
  if (orphanDependents !== undefined) return orphanDependents ? "Orphan" : "Background"
  if (propagationPolicy !== undefined) return propagationPolicy
  if (old.includes(orphanFinalizer)) return "Orphan"
  if (old.includes(foregroundFinalizer)) return "Foreground"
  return byDefault === "orphan" ? "Orphan" : "Background"
}

function withMetadata(object: KubeObject, metadata: Partial<KubeObject["metadata"]>): KubeObject {
  return { ...object, metadata: { ...object.metadata, ...metadata } }
}
