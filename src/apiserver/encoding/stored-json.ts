import type { KubeObject } from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import type { ServedResource } from "../registry/served-resources.ts"
import { objectAs } from "../registry/versions.ts"
import { typePrefix } from "../registry/storage-codec.ts"
import type { StoredObject } from "../watch-cache/stored-object.ts"

/**
 * The JSON of a stored object without making it anew: what is served is what is stored, with the resourceVersion put in
 * behind the uid. So GET and LIST copy bytes, and an object that nobody looks into is never parsed.
 */
export function storedJson(served: ServedResource, stored: StoredObject): readonly Uint8Array[] {
  const { registry, resource } = served
  const isServedAsStored = isSameVersion(resource, registry.storage) && registry.isCurrent(stored)
  const at = isServedAsStored ? spliceAt(served, stored.bytes) : -1
  if (at < 0) return [encodedJson(served, stored)]
  const { bytes, revision } = stored
  return [bytes.subarray(0, at), versionBytes(revision), bytes.subarray(at)]
}

function isSameVersion(a: Resource, b: Resource): boolean {
  return a === b || (a.version === b.version && a.group === b.group)
}

/** The same without kind and apiVersion, as the items of a list travel: `{"metadata":...`. */
export function storedItemJson(served: ServedResource, stored: StoredObject): readonly Uint8Array[] {
  const pieces = storedJson(served, stored)
  const start = itemStart(served)
  if (start === 0) return pieces
  return [openBrace, pieces[0]!.subarray(start), ...pieces.slice(1)]
}

/** Custom resources keep their type in every item; built-in ones do not. */
function itemStart(served: ServedResource): number {
  return prefixesOf(served).typeLength
}

function encodedJson(served: ServedResource, stored: StoredObject): Uint8Array {
  const key = `json ${served.resource.group}/${served.resource.version}`
  stored.encodings ??= new Map()
  let bytes = stored.encodings.get(key)
  if (!bytes) {
    bytes = encoder.encode(JSON.stringify(typeFirst(objectAs(served, stored))))
    stored.encodings.set(key, bytes)
  }
  return bytes
}

/** The prefix that items leave out has a fixed length, so the type must come first. */
export function typeFirst({ kind, apiVersion, ...rest }: KubeObject): object {
  return { kind, apiVersion, ...rest }
}

interface Prefixes {
  readonly stored: Uint8Array
  readonly typeLength: number
}

const prefixes = new WeakMap<ServedResource, Prefixes>()

function prefixesOf(served: ServedResource): Prefixes {
  let found = prefixes.get(served)
  if (!found) {
    const text = typePrefix(served.resource)
    const typeLength = served.isCustom ? 0 : text.indexOf('"metadata"')
    prefixes.set(served, (found = { stored: encoder.encode(text), typeLength }))
  }
  return found
}

const uidKey = new TextEncoder().encode('"uid":"')
const openObject = 0x7b
const quoteMark = 0x22

/** Where the version goes: behind the uid of the metadata. -1: not a value that this server wrote. */
function spliceAt(served: ServedResource, bytes: Uint8Array): number {
  const { stored } = prefixesOf(served)
  for (let index = 0; index < stored.length; index++) if (bytes[index] !== stored[index]) return -1
  // Before the uid there are only names, which hold no quotes or braces.
  for (let index = stored.length; index < bytes.length; index++) {
    if (bytes[index] === openObject) return -1
    if (bytes[index] === quoteMark && matchesAt(bytes, index, uidKey)) {
      const end = bytes.indexOf(quoteMark, index + uidKey.length)
      return end < 0 ? -1 : end + 1
    }
  }
  return -1
}

function matchesAt(bytes: Uint8Array, at: number, wanted: Uint8Array): boolean {
  for (let index = 0; index < wanted.length; index++) if (bytes[at + index] !== wanted[index]) return false
  return true
}

const encoder = new TextEncoder()
const openBrace = encoder.encode("{")
const noVersion = new Uint8Array(0)

/** Revision 0 is a dry run's: it has no version. */
function versionBytes(revision: number): Uint8Array {
  return revision === 0 ? noVersion : encoder.encode(`,"resourceVersion":"${revision}"`)
}
