import { encodeEnvelope, encodeListMessage, encodeMessage } from "../../apimachinery/codec/protobuf.ts"
import type { ServedResource } from "../registry/served-resources.ts"
import { objectAs } from "../registry/versions.ts"
import { apiVersionOf } from "../registry/view.ts"
import type { StoredObject } from "../watch-cache/stored-object.ts"

/** The object's message, made once per state and version. */
export function storedMessage(served: ServedResource, stored: StoredObject): Uint8Array {
  const { group, version, schema } = served.resource
  const key = `protobuf ${group}/${version}`
  stored.encodings ??= new Map()
  let bytes = stored.encodings.get(key)
  if (!bytes) stored.encodings.set(key, (bytes = encodeMessage(schema, objectAs(served, stored))))
  return bytes
}

export function storedProtobuf(served: ServedResource, stored: StoredObject): Uint8Array {
  const { resource } = served
  return encodeEnvelope(apiVersionOf(resource), resource.kind, storedMessage(served, stored))
}

export function listProtobuf(
  served: ServedResource,
  metadata: object,
  items: readonly StoredObject[],
): Uint8Array {
  const { resource } = served
  const messages = items.map((stored) => storedMessage(served, stored))
  return encodeEnvelope(apiVersionOf(resource), resource.listKind, encodeListMessage(metadata, messages))
}
