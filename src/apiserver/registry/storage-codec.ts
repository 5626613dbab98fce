import { encodeJson, parseJson } from "../../apimachinery/codec/json.ts"
import { encodeEnvelope, encodeMessage, envelopePrefix } from "../../apimachinery/codec/protobuf.ts"
import { formatGroupVersion, type KubeObject, type ManagedFieldsEntry } from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import { encodeUtf8 } from "../../base/utf8.ts"
import type { StorageDecoder } from "../watch-cache/stored-object.ts"

/** How objects are written: upstream's `--storage-media-type`. */
export type StorageMediaType = "application/json" | "application/vnd.kubernetes.protobuf"

/** Between objects and what the store keeps: JSON or protobuf without resourceVersion, as upstream writes them. */
export interface StorageCodec extends StorageDecoder {
  encode(object: KubeObject): Uint8Array
  /** Whether `encode` would write these bytes for the object in them. */
  isCurrent(bytes: Uint8Array): boolean
}

/**
 * Where bytes carry the object that they were made of: the store hands the same array back with the watch event, and
 * parsing it anew would cost more than everything else. A WeakMap would be tidier, but one with as many keys as there are
 * objects costs every garbage collection dearly.
 */
const madeOf = Symbol("made of")
/** And under which schema, where schemas change: what was right under the last one is looked at anew. */
const madeUnder = Symbol("made under")

type EncodedBytes = Uint8Array & { [madeOf]?: KubeObject; [madeUnder]?: StorageCodecOptions["complete"] }

const encoder = new TextEncoder()

export interface StorageCodecOptions {
  /** Reads protobuf, and other versions of the kind; gives an object in the storage version. */
  readonly fromForeign: (bytes: Uint8Array) => KubeObject
  /** For schemas that change: what was stored under an earlier one as it is now; the very object if nothing differs. */
  readonly complete?: (object: KubeObject) => KubeObject
  /** How it writes; it reads both. @default "application/json" */
  readonly mediaType?: StorageMediaType
}

export function createStorageCodec(
  storage: Resource,
  { fromForeign, complete, mediaType = "application/json" }: StorageCodecOptions,
): StorageCodec {
  const isJson = mediaType === "application/json"
  const jsonPrefix = encoder.encode(typePrefix(storage))
  const ownPrefix = isJson ? jsonPrefix : envelopePrefix(formatGroupVersion(storage), storage.kind)
  const remember = (bytes: EncodedBytes, object: KubeObject) => {
    bytes[madeOf] = object
    bytes[madeUnder] = complete
  }
  const find = (bytes: EncodedBytes) => (bytes[madeUnder] === complete ? bytes[madeOf] : undefined)
  return {
    encode(object) {
      const bytes = isJson ? encodeUtf8(storedText(object)) : encodeProtobuf(storage, object)
      remember(bytes, object)
      return bytes
    },
    decode(bytes) {
      const known = find(bytes)
      if (known) return known
      if (!startsWith(bytes, jsonPrefix)) return fromForeign(bytes)
      const object = parseJson(bytes) as KubeObject
      return complete ? complete(object) : object
    },
    isCurrent(bytes) {
      if (find(bytes)) return true
      if (!startsWith(bytes, ownPrefix)) return false
      if (!complete) return true
      const parsed = parseJson(bytes) as KubeObject
      const object = complete(parsed)
      // So that this is found out once.
      if (object === parsed) remember(bytes, parsed)
      return object === parsed
    },
  }
}

function encodeProtobuf(storage: Resource, object: KubeObject): Uint8Array {
  const { selfLink: _, resourceVersion: __, ...metadata } = object.metadata
  const message = encodeMessage(storage.schema, { ...object, metadata })
  return encodeEnvelope(formatGroupVersion(storage), storage.kind, message)
}

/** How every value that this server wrote as JSON begins. */
export function typePrefix(resource: Resource): string {
  return `{"kind":${JSON.stringify(resource.kind)},"apiVersion":${JSON.stringify(formatGroupVersion(resource))},"metadata":{"name":`
}

/**
 * Go writes a struct's fields in order of declaration: kind first, then the name. Everything behind is in order already,
 * and in the metadata managedFields are the last.
 */
function storedText({ kind, apiVersion, metadata, ...rest }: KubeObject): string {
  const {
    name,
    generateName,
    namespace,
    uid,
    selfLink: _,
    resourceVersion: __,
    managedFields,
    ...more
  } = metadata
  const own = encodeJson({
    name,
    ...(generateName && { generateName }),
    ...(namespace && { namespace }),
    uid,
    ...more,
  })
  const owners = managedFields ? `,"managedFields":${encodeOwners(managedFields)}` : ""
  const others = encodeJson(rest)
  const type = `{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)}`
  return `${type},"metadata":${own.slice(0, -1)}${owners}}${others === "{}" ? "" : ","}${others.slice(1)}`
}

/** Sets of fields are a quarter of the text of a small object, and new objects of one shape share theirs. */
function encodeOwners(entries: readonly ManagedFieldsEntry[]): string {
  return `[${entries.map(encodeOwner).join(",")}]`
}

function encodeOwner(entry: ManagedFieldsEntry): string {
  const { fieldsV1, subresource, ...id } = entry
  if (!fieldsV1) return JSON.stringify(entry)
  const last = subresource === undefined ? "" : `,"subresource":${JSON.stringify(subresource)}`
  return `${JSON.stringify(id).slice(0, -1)},"fieldsV1":${encodeFields(fieldsV1)}${last}}`
}

/** The texts of the sets that were written last. A WeakMap would grow with the objects. */
const texts = new Map<object, string>()
const maxTexts = 256

function encodeFields(fields: object): string {
  let text = texts.get(fields)
  if (text !== undefined) return text
  text = encodeJson(fields)
  texts.set(fields, text)
  if (texts.size > maxTexts) texts.delete(texts.keys().next().value!)
  return text
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  if (bytes.length < prefix.length) return false
  for (let index = 0; index < prefix.length; index++) if (bytes[index] !== prefix[index]) return false
  return true
}
