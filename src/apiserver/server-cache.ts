import { controllerOf, formatKey, type KubeObject, type ObjectKey } from "../apimachinery/meta.ts"
import type { Resource } from "../apimachinery/resource.ts"
import type { Cache, CacheListOptions } from "../client/cache.ts"
import type { ServedResources } from "./registry/served-resources.ts"
import { objectAs } from "./registry/versions.ts"

/** The watch cache in the form that informers have, for admission and authorization: no copy, no request, never stale. */
export function createServerCache(resources: ServedResources): Cache {
  function find<T extends KubeObject>(resource: Resource<T>, key: ObjectKey): T | undefined {
    const served = resources.get(resource)
    const stored = served.registry.cache.find(formatKey(key))
    return stored && (objectAs(served, stored) as T)
  }

  function list<T extends KubeObject>(
    resource: Resource<T>,
    options: CacheListOptions<T> = {},
  ): readonly T[] {
    const served = resources.get(resource)
    const objects = served.registry.cache
      .list(options.namespace)
      .map((stored) => objectAs(served, stored) as T)
    return options.where ? objects.filter(options.where) : objects
  }

  return {
    find,
    list,
    // Nothing in the server asks by owner often enough to keep an index.
    ownedBy: (resource, ownerUid) =>
      list(resource, { where: (object) => controllerOf(object)?.uid === ownerUid }),
    byIndex(resource, name) {
      throw new Error(`the server's own cache has no index ${name} of ${resource.plural}`)
    },
  }
}
