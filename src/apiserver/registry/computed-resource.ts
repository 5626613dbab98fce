import type { KubeObject } from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"

/**
 * A resource that is never stored: whoever asks is told what is so at that moment. It can be read only, and gives way to
 * another server that an APIService names for its group.
 */
export interface ComputedResource<T extends KubeObject = KubeObject> {
  readonly resource: Resource<T>
  /** In the order of their keys; of all namespaces where `namespace` is "". May reject with a StatusError. */
  list(namespace: string): Promise<readonly T[]>
}
