import { parseJson } from "../../apimachinery/codec/json.ts"
import { applyDefaults } from "../../apimachinery/defaulting.ts"
import { deepFreeze } from "../../apimachinery/freeze.ts"
import { formatGroupVersion, type KubeObject } from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import { decodeObject } from "../../apimachinery/structural.ts"
import { Registry } from "../registry/registry.ts"
import { createStorageCodec } from "../registry/storage-codec.ts"
import type { ServerParts } from "../server-parts.ts"

/**
 * The objects of a custom resource. Each is kept in the version it was stored in, whatever is stored now; on reading, what
 * its schema does not know is dropped and what it has defaults for is filled in, as it may have changed since.
 *
 * @param versions all that are declared, served or not
 */
export function createCustomRegistry(
  { store, mirror }: Pick<ServerParts, "store" | "mirror">,
  storage: Resource,
  versions: readonly Resource[],
): Registry {
  const schemas = new Map(versions.map((version) => [formatGroupVersion(version), version.schema]))
  const complete = (object: KubeObject): KubeObject => {
    const schema = schemas.get(object.apiVersion)
    if (!schema) throw new Error(`stored object is of an unknown version: ${object.apiVersion}`)
    return applyDefaults(schema, decodeObject(schema, deepFreeze(object))) as unknown as KubeObject
  }
  const codec = createStorageCodec(storage, {
    fromForeign: (bytes) => complete(parseJson(bytes) as KubeObject),
    complete,
  })
  const cache = mirror.addResource({ prefix: prefixOf(storage), decoder: codec })
  return new Registry({ storage, cache, store, mirror, codec })
}

export function prefixOf({ storagePrefix }: Resource): string {
  return `/registry/${storagePrefix}/`
}
