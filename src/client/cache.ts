import type { KubeObject, ObjectKey } from "../apimachinery/meta.ts"
import type { Resource } from "../apimachinery/resource.ts"

/**
 * A read-only view of what the informers have seen, shared by all controllers of a process. Objects are frozen.
 * Reads are synchronous and cost no request; they may lag behind the server, but never behind the reader's own writes
 * (see controller.ts).
 */
export interface Cache {
  find<T extends KubeObject>(resource: Resource<T>, key: ObjectKey): T | undefined
  list<T extends KubeObject>(resource: Resource<T>, options?: CacheListOptions<T>): readonly T[]
  /** The objects whose controlling owner has this uid. Indexed: cost is that of the answer. */
  ownedBy<T extends KubeObject>(resource: Resource<T>, ownerUid: string): readonly T[]
  /** The objects for which the index function `name`, registered with the informer, gave `value`. */
  byIndex<T extends KubeObject>(resource: Resource<T>, name: string, value: string): readonly T[]
}

export interface CacheListOptions<T> {
  /** Indexed. */
  readonly namespace?: string
  readonly where?: (object: T) => boolean
}
