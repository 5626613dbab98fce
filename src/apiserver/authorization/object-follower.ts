import type { KubeObject } from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"

/**
 * An index over some of the server's objects, told of each change at once and in the store's order. It must have been
 * told of everything that exists before it is asked anything.
 */
export interface ObjectFollower {
  /** What it wants to be told of. */
  readonly resources: readonly Resource[]
  /** The object was created or changed. Frozen; has its kind set. */
  put(object: KubeObject): void
  /** The object is gone; its last state. */
  remove(object: KubeObject): void
}
