import { controllerOf, formatKey, type KubeObject, keyOf, type ObjectKey } from "../apimachinery/meta.ts"
import type { CacheListOptions } from "./cache.ts"

export type IndexFunction<T> = (object: T) => readonly string[]

/**
 * The objects of one resource by key, and by whatever the index functions say of them. Two indexes are always there: by
 * namespace and by the uid of the controlling owner. Answers come in the order in which the objects first appeared.
 */
export class IndexedObjects<T extends KubeObject> {
  readonly #byKey = new Map<string, T>()
  readonly #indexes = new Map<string, Index<T>>()
  readonly #byNamespace = new Index<T>((object) => [object.metadata.namespace ?? ""])
  readonly #byOwner = new Index<T>((object) => {
    const owner = controllerOf(object)
    return owner ? [owner.uid] : []
  })

  /** Objects that are already here are indexed too. A name is taken once; adding it again is ignored. */
  addIndex(name: string, of: IndexFunction<T>): void {
    if (this.#indexes.has(name)) return
    const index = new Index(of)
    for (const [key, object] of this.#byKey) index.replace(key, undefined, object)
    this.#indexes.set(name, index)
  }

  find(key: ObjectKey): T | undefined {
    return this.#byKey.get(formatKey(key))
  }

  /** Puts `object` in the place of the one with the same key, which it gives back. */
  set(object: T): T | undefined {
    return this.#replace(formatKey(keyOf(object)), object)
  }

  /** Removes the object with this key and gives it back. */
  delete(key: ObjectKey): T | undefined {
    return this.#replace(formatKey(key), undefined)
  }

  list(options: CacheListOptions<T> = {}): readonly T[] {
    const { namespace, where } = options
    const objects = namespace ? this.#byNamespace.values(namespace) : this.#byKey.values()
    return where ? filter(objects, where) : Array.from(objects)
  }

  ownedBy(uid: string): readonly T[] {
    return Array.from(this.#byOwner.values(uid))
  }

  byIndex(name: string, value: string): readonly T[] {
    const index = this.#indexes.get(name)
    if (!index) throw new Error(`no index ${JSON.stringify(name)}: declare it with the watch`)
    return Array.from(index.values(value))
  }

  values(): IterableIterator<T> {
    return this.#byKey.values()
  }

  get size(): number {
    return this.#byKey.size
  }

  #replace(key: string, current: T | undefined): T | undefined {
    const previous = this.#byKey.get(key)
    if (current) this.#byKey.set(key, current)
    else this.#byKey.delete(key)
    this.#byNamespace.replace(key, previous, current)
    this.#byOwner.replace(key, previous, current)
    for (const index of this.#indexes.values()) index.replace(key, previous, current)
    return previous
  }
}

class Index<T> {
  readonly #of: IndexFunction<T>
  readonly #buckets = new Map<string, Map<string, T>>()

  constructor(of: IndexFunction<T>) {
    this.#of = of
  }

  values(value: string): Iterable<T> {
    return this.#buckets.get(value)?.values() ?? []
  }

  replace(key: string, previous: T | undefined, current: T | undefined): void {
    const after = current ? this.#of(current) : []
    if (previous) {
      for (const value of this.#of(previous)) if (!after.includes(value)) this.#remove(value, key)
    }
    for (const value of after) this.#bucket(value).set(key, current!)
  }

  #bucket(value: string): Map<string, T> {
    let bucket = this.#buckets.get(value)
    if (!bucket) this.#buckets.set(value, (bucket = new Map()))
    return bucket
  }

  #remove(value: string, key: string): void {
    const bucket = this.#buckets.get(value)
    if (bucket?.delete(key) && bucket.size === 0) this.#buckets.delete(value)
  }
}

function filter<T>(objects: Iterable<T>, where: (object: T) => boolean): T[] {
  const found: T[] = []
  for (const object of objects) if (where(object)) found.push(object)
  return found
}
