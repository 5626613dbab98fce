import type { KubeObject, OwnerReference } from "../../apimachinery/meta.ts"
import {
  foregroundFinalizer,
  type GraphNode,
  orphanFinalizer,
  referenceTo,
  waitsForDependents,
} from "./owner-graph.ts"

/** What is known of the owners that an object names. */
export interface Owners {
  /** There, and staying. */
  readonly solid: readonly OwnerReference[]
  /** Not there (any more). */
  readonly dangling: readonly OwnerReference[]
  /** Being deleted in the foreground: waiting for this object to go. */
  readonly waiting: readonly OwnerReference[]
}

export type ChildPlan =
  | { readonly kind: "keep" }
  /** Somebody still owns it: the others are only taken from its list. */
  | { readonly kind: "dropOwners"; readonly uids: readonly string[] }
  | {
      readonly kind: "delete"
      readonly policy: "Foreground" | "Background" | "Orphan"
      /** Objects that own each other in a circle would wait for ever: this one blocks its owners no longer. */
      readonly unblock: boolean
    }

/** For an object that is not being deleted (https://kubernetes.io/docs/concepts/architecture/garbage-collection/). */
export function planChild(child: KubeObject, owners: Owners, dependents: readonly GraphNode[]): ChildPlan {
  const { solid, dangling, waiting } = owners
  if (dangling.length === 0 && waiting.length === 0) return { kind: "keep" }
  if (solid.length > 0) return { kind: "dropOwners", uids: [...dangling, ...waiting].map(({ uid }) => uid) }
  if (waiting.length > 0 && dependents.length > 0) {
    const unblock = dependents.some(({ object }) => waitsForDependents(object))
    return { kind: "delete", policy: "Foreground", unblock }
  }
  const { finalizers = [] } = child.metadata
  const policy = finalizers.includes(orphanFinalizer)
    ? "Orphan"
    : finalizers.includes(foregroundFinalizer)
      ? "Foreground"
      : "Background"
  return { kind: "delete", policy, unblock: false }
}

export type OwnerPlan =
  | { readonly kind: "nothing" }
  /** Take its dependents' references to it away, then its finalizer. */
  | { readonly kind: "orphan"; readonly dependents: readonly GraphNode[] }
  /** It stays until those that block it have gone. */
  | { readonly kind: "wait"; readonly dependents: readonly GraphNode[] }
  /** Nothing blocks it any more. */
  | { readonly kind: "release" }

/** For an object that is being deleted. */
export function planOwner(owner: KubeObject, dependents: readonly GraphNode[]): OwnerPlan {
  const { finalizers = [], uid } = owner.metadata
  if (finalizers.includes(orphanFinalizer)) return { kind: "orphan", dependents }
  if (!finalizers.includes(foregroundFinalizer)) return { kind: "nothing" }
  const blocks = ({ object }: GraphNode) => referenceTo(object, uid)?.blockOwnerDeletion === true
  return dependents.some(blocks) ? { kind: "wait", dependents } : { kind: "release" }
}
