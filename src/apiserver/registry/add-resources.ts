import { isEncrypted } from "../encryption-at-rest/transformers.ts"
import { formatGroupVersion, type KubeObject } from "../../apimachinery/meta.ts"
import { groupResource, type Resource } from "../../apimachinery/resource.ts"
import type { ServerParts } from "../server-parts.ts"
import type { StoredObject } from "../watch-cache/stored-object.ts"
import { parseJson } from "../../apimachinery/codec/json.ts"
import { decodeEnvelope, decodeProtobuf, hasEnvelope } from "../../apimachinery/codec/protobuf.ts"
import { applyDefaults } from "../../apimachinery/defaulting.ts"
import { deepFreeze } from "../../apimachinery/freeze.ts"
import { decodeObject, normalize } from "../../apimachinery/structural.ts"
import { EventLeases } from "./event-leases.ts"
import { upgradeLegacy } from "./upgrade-legacy.ts"
import { Registry } from "./registry.ts"
import { createStorageCodec, type StorageMediaType } from "./storage-codec.ts"
import { strategyFor } from "./strategy-for.ts"

/** Upstream's servers of these groups write JSON always. */
const jsonGroups = new Set(["apiextensions.k8s.io", "apiregistration.k8s.io"])

/** The field of a resource by which many watch. */
const indexedFields: Readonly<Record<string, string>> = { pods: "spec.nodeName" }

/** Serves every resource in every version; the versions of one resource share what is stored. */
export function addBuiltInResources(server: ServerParts, resources: readonly Resource[]): void {
  const registries = new Map<string, Registry>()
  const stored = resources.filter((resource) => !resource.storedAs)
  for (const resource of stored) {
    const versions = resources.filter((each) => each === resource || isStoredAs(each, resource))
    const mediaType = jsonGroups.has(resource.group) ? "application/json" : server.storageMediaType
    registries.set(storageKey(resource), createRegistry(server, resource, versions, mediaType))
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
      strategy: strategyFor(resource, storage),
      fromStorage: (object) => inVersion(resource, storage, object),
      toStorage: (object) => inVersion(storage, resource, object),
    })
  }
}

function isStoredAs({ storedAs, plural }: Resource, storage: Resource): boolean {
  return (
    storedAs?.group === storage.group && storedAs.version === storage.version && plural === storage.plural
  )
}

function storageKey({ group, version, plural }: Pick<Resource, "group" | "version" | "plural">): string {
  return `${group}/${version}/${plural}`
}

export function createRegistry(
  server: ServerParts,
  storage: Resource,
  /** Every version of it, for values that others stored. */
  versions: readonly Resource[],
  mediaType: StorageMediaType = "application/json",
): Registry {
  const { store, mirror, clock } = server
  const codec = createStorageCodec(storage, {
    fromForeign: (bytes) => decodeForeign(storage, versions, bytes),
    mediaType,
  })
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
    observe: server.metrics.storage.observer(storage, clock),
    ...(indexedValue && indexedField && { indexedField }),
    ...(groupResource(storage) === "events" && {
      leases: new EventLeases(store.leases, clock, server.eventTtlMs),
    }),
  })
}

/** Of two versions of a resource, the stored one is reached through the other's conversion. */
function inVersion(to: Resource, from: Resource, object: KubeObject): KubeObject {
  if (to === from) return object
  const type = { apiVersion: formatGroupVersion(to), kind: to.kind }
  if (from.conversion) return normalize(to.schema, { ...from.conversion.toStored(object), ...type })
  if (to.conversion) return deepFreeze(normalize(to.schema, { ...to.conversion.fromStored(object), ...type }))
  return { ...object, ...type }
}

/** What others stored: protobuf, or another version of the kind. Comes out in the storage version, defaults filled in. */
function decodeForeign(storage: Resource, versions: readonly Resource[], bytes: Uint8Array): KubeObject {
  if (isEncrypted(bytes)) throw new Error("the stored value is encrypted, and none of the keys opens it")
  const envelope = hasEnvelope(bytes) ? decodeEnvelope(bytes) : undefined
  const value = envelope ?? upgradeLegacy(parseJson(bytes) as Partial<KubeObject>)
  const from = versions.find(
    (each) => formatGroupVersion(each) === value.apiVersion && each.kind === value.kind,
  )
  if (!from) throw new Error(`stored object is of an unknown version: ${value.apiVersion}, ${value.kind}`)
  const decoded = envelope ? decodeProtobuf(from.schema, envelope) : decodeObject(from.schema, value)
  return inVersion(storage, from, applyDefaults(from.schema, decoded) as unknown as KubeObject)
}
