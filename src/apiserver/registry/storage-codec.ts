import { encodeJsonBytes, parseJson } from "../../apimachinery/codec/json.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import type { StorageDecoder } from "../watch-cache/stored-object.ts"

/** Between objects and what the store keeps: JSON without resourceVersion, as upstream with `--storage-media-type=application/json`. */
export interface StorageCodec extends StorageDecoder {
  encode(object: KubeObject): Uint8Array
  /** Whether `encode` would write these bytes for the object in them. */
  isCurrent(bytes: Uint8Array): boolean
}

const encoder = new TextEncoder()

/**
 * @param fromForeign reads what others stored: protobuf, or another version of the kind; gives an object in the storage version
 */
export function createStorageCodec(
  storage: Resource,
  fromForeign: (bytes: Uint8Array) => KubeObject,
  /** For schemas that change: what was stored under an earlier one as it is now; the very object if nothing differs. */
  complete?: (object: KubeObject) => KubeObject,
): StorageCodec {
  const ownPrefix = encoder.encode(typePrefix(storage))
  // The object behind bytes that were written a moment ago: the store hands the same array back with the watch event, and
  // parsing it anew would cost more than everything else.
  const written = new WeakMap<Uint8Array, KubeObject>()
  return {
    encode(object) {
      const bytes = encodeJsonBytes(inStoredOrder(object))
      written.set(bytes, object)
      return bytes
    },
    decode(bytes) {
      const known = written.get(bytes)
      if (known) return known
      if (!startsWith(bytes, ownPrefix)) return fromForeign(bytes)
      const object = parseJson(bytes) as KubeObject
      return complete ? complete(object) : object
    },
    isCurrent(bytes) {
      if (written.has(bytes)) return true
      if (!startsWith(bytes, ownPrefix)) return false
      if (!complete) return true
      const parsed = parseJson(bytes) as KubeObject
      const object = complete(parsed)
      // So that this is found out once.
      if (object === parsed) written.set(bytes, parsed)
      return object === parsed
    },
  }
}

/** How every value that this server wrote begins. */
export function typePrefix(resource: Resource): string {
  const apiVersion = resource.group ? `${resource.group}/${resource.version}` : resource.version
  return `{"kind":${JSON.stringify(resource.kind)},"apiVersion":${JSON.stringify(apiVersion)},"metadata":{"name":`
}

/** Go writes a struct's fields in order of declaration: kind first, then the name. Everything behind is in order already. */
function inStoredOrder({ kind, apiVersion, metadata, ...rest }: KubeObject): object {
  const { name, generateName, namespace, uid, selfLink: _, resourceVersion: __, ...more } = metadata
  return {
    kind,
    apiVersion,
    metadata: {
      name,
      ...(generateName && { generateName }),
      ...(namespace && { namespace }),
      uid,
      ...more,
    },
    ...rest,
  }
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  if (bytes.length < prefix.length) return false
  for (let index = 0; index < prefix.length; index++) if (bytes[index] !== prefix[index]) return false
  return true
}
