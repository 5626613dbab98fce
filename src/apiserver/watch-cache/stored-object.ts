import type { KubeObject } from "../../apimachinery/meta.ts"
import { deepFreeze } from "../../apimachinery/freeze.ts"

/** Turns stored bytes into an object; the object has no resourceVersion yet and belongs to the caller. */
export interface StorageDecoder {
  decode(bytes: Uint8Array): KubeObject
}

/**
 * One state of one object: the bytes the store keeps, and what was made of them on demand. Immutable, and shared by the
 * cache, by every watcher and by in-process readers.
 *
 * The resourceVersion is not in the stored bytes (it is known only after they are written); it is put in on the way out.
 */
export class StoredObject {
  /** Within the resource: "namespace/name", or "name" for cluster-scoped kinds. */
  readonly key: string
  /** The store's revision that wrote this state. */
  readonly revision: number
  readonly bytes: Uint8Array
  /** Encoded forms by whoever encodes; kept as long as the state is. */
  encodings: Map<string, Uint8Array> | undefined = undefined
  /** The same state in other served versions. */
  conversions: WeakMap<object, KubeObject> | undefined = undefined
  readonly #decoder: StorageDecoder
  #object: KubeObject | undefined = undefined

  constructor(decoder: StorageDecoder, key: string, revision: number, bytes: Uint8Array) {
    this.#decoder = decoder
    this.key = key
    this.revision = revision
    this.bytes = bytes
  }

  /** Frozen, with its resourceVersion. */
  get object(): KubeObject {
    return (this.#object ??= deepFreeze(withResourceVersion(this.#decoder.decode(this.bytes), this.revision)))
  }

  /** The last state of an object that was deleted at `revision`: watchers are told it with that version. */
  at(revision: number): StoredObject {
    return new StoredObject(this.#decoder, this.key, revision, this.bytes)
  }
}

/** A shallow copy whose metadata has the version where upstream writes it: right after the uid. */
export function withResourceVersion(object: KubeObject, revision: number): KubeObject {
  const { name, generateName, namespace, selfLink: _, uid, resourceVersion: __, ...rest } = object.metadata
  const metadata: Record<string, unknown> = { name }
  if (generateName) metadata["generateName"] = generateName
  if (namespace) metadata["namespace"] = namespace
  if (uid) metadata["uid"] = uid
  // What was never stored has no version: a dry run's outcome.
  if (revision > 0) metadata["resourceVersion"] = String(revision)
  return { ...object, metadata: Object.assign(metadata, rest) as unknown as KubeObject["metadata"] }
}

/** "default" of "default/web"; "" for cluster-scoped keys. */
export function namespaceOfKey(key: string): string {
  const slash = key.indexOf("/")
  return slash < 0 ? "" : key.slice(0, slash)
}

export function nameOfKey(key: string): string {
  return key.slice(key.indexOf("/") + 1)
}
