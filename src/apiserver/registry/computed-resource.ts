import type { KubeObject } from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"

/**
 * A resource that is never stored: whoever asks is told what is so at that moment. It can be read only, and gives way to
 * another server that an APIService names for its group.
 */
export interface ComputedResource<T extends KubeObject = KubeObject> {
  readonly resource: Resource<T>
  /** Of all namespaces, in the order of their keys. May reject with a StatusError. */
  list(): Promise<readonly T[]>
}
