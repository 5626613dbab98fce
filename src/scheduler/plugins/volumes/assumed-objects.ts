import { formatKey, type KubeObject, keyOf, type ObjectKey } from "../../../apimachinery/meta.ts"
import type { Resource } from "../../../apimachinery/resource.ts"
import type { Cache } from "../../../client/cache.ts"

/**
 * Objects of one resource as the scheduler has decided they shall be, before it has written so. An assumption is based on
 * a version; when the API tells of another one, that is what counts.
 */
export class AssumedObjects<T extends KubeObject> {
  readonly #resource: Resource<T>
  readonly #assumed = new Map<string, T>()

  constructor(resource: Resource<T>) {
    this.#resource = resource
  }

  find(key: ObjectKey, cache: Cache): T | undefined {
    const current = cache.find(this.#resource, key)
    return current && this.over(current)
  }

  /** What is assumed of an object, or itself. */
  over(current: T): T {
    if (this.#assumed.size === 0) return current
    const key = formatKey(keyOf(current))
    const assumed = this.#assumed.get(key)
    if (!assumed) return current
    if (assumed.metadata.resourceVersion === current.metadata.resourceVersion) return assumed
    this.#assumed.delete(key)
    return current
  }

  assume(object: T): void {
    this.#assumed.set(formatKey(keyOf(object)), object)
  }

  forget(object: T): void {
    const key = formatKey(keyOf(object))
    if (this.#assumed.get(key) === object) this.#assumed.delete(key)
  }
}
