import { formatGroupVersion, type KubeObject } from "../../apimachinery/meta.ts"
import { groupResource, type Resource } from "../../apimachinery/resource.ts"
import type { ServerParts } from "../server-parts.ts"
import type { StoredObject } from "../watch-cache/stored-object.ts"
import { EventLeases } from "./event-leases.ts"
import { Registry } from "./registry.ts"
import { createStorageCodec } from "./storage-codec.ts"
import { strategyFor } from "./strategy-for.ts"

/** Upstream's `--event-ttl`. */
const eventTtlMs = 60 * 60_000

/** The field of a resource by which many watch. */
const indexedFields: Readonly<Record<string, string>> = { pods: "spec.nodeName" }

/** Serves every resource in every version; the versions of one resource share what is stored. */
export function addBuiltInResources(server: ServerParts, resources: readonly Resource[]): void {
  const registries = new Map<string, Registry>()
  const stored = resources.filter((resource) => !resource.storedAs)
  for (const resource of stored) {
    registries.set(storageKey(resource), createRegistry(server, resource))
  }
  for (const resource of resources) {
    const registry = registries.get(
      storageKey(resource.storedAs ? { ...resource, ...resource.storedAs } : resource),
    )
    if (!registry) throw new Error(`${groupResource(resource)} is stored in a version that is not served`)
    const { storage } = registry
    server.resources.add({
      isCustom: false,
      resource,
      registry,
      strategy: strategyFor(storage),
      fromStorage: (object) => inVersion(resource, storage, object),
      toStorage: (object) => inVersion(storage, resource, object),
    })
  }
}

function storageKey({ group, version, plural }: Pick<Resource, "group" | "version" | "plural">): string {
  return `${group}/${version}/${plural}`
}

export function createRegistry(server: ServerParts, storage: Resource): Registry {
  const { store, mirror, clock } = server
  const codec = createStorageCodec(
    storage,
    (bytes) => JSON.parse(new TextDecoder().decode(bytes)) as KubeObject,
  )
  const indexedField = indexedFields[groupResource(storage)]
  const indexedValue = indexedField ? storage.selectableFields[indexedField] : undefined
  const cache = mirror.addResource({
    prefix: `/registry/${storage.storagePrefix}/`,
    decoder: codec,
    ...(indexedValue && { indexedValue: (stored: StoredObject) => indexedValue(stored.object) }),
  })
  return new Registry({
    storage,
    cache,
    store,
    mirror,
    codec,
    ...(indexedValue && indexedField && { indexedField }),
    ...(groupResource(storage) === "events" && { leases: new EventLeases(store.leases, clock, eventTtlMs) }),
  })
}

function inVersion(to: Resource, from: Resource, object: KubeObject): KubeObject {
  if (to === from) return object
  return { ...object, apiVersion: formatGroupVersion(to), kind: to.kind }
}
