import { formatGroupVersion, type KubeObject } from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import type { Registry } from "./registry.ts"
import type { ServedResource, ServedResources } from "./served-resources.ts"

/** The several versions (and for events: groups) in which the same objects are served. */
export interface EquivalentResources {
  /** All in which the objects of `resource` are served, itself included. */
  of(resource: Resource): readonly Resource[]
  /** An object of `from` as one of `to`, which is one of its equivalents. Rejects with what a conversion webhook says. */
  convert(object: KubeObject, from: Resource, to: Resource, signal: AbortSignal): Promise<KubeObject>
  /** The served resources of a kind; empty when it is unknown. */
  ofKind(group: string, version: string, kind: string): readonly Resource[]
}

export function equivalentResources(resources: ServedResources): EquivalentResources {
  let byRegistry = new Map<Registry, Resource[]>()
  resources.onChange(() => {
    byRegistry = new Map()
  })
  const group = (registry: Registry) => {
    let found = byRegistry.get(registry)
    if (!found) {
      found = resources.all().flatMap((each) => (each.registry === registry ? [each.resource] : []))
      byRegistry.set(registry, found)
    }
    return found
  }
  const served = (resource: Resource): ServedResource => resources.get(resource)
  return {
    ofKind: (group, version, kind) =>
      resources
        .all()
        .map(({ resource }) => resource)
        .filter((each) => each.kind === kind && each.version === version && each.group === group),
    of: (resource) => group(served(resource).registry),
    async convert(object, from, to, signal) {
      if (from === to) return object
      const target = served(to)
      if (!target.convert) return target.fromStorage(served(from).toStorage(object))
      const [converted] = await target.convert([object], formatGroupVersion(to), signal)
      return converted!
    },
  }
}
