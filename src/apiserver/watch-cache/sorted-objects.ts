import type { StoredObject } from "./stored-object.ts"

/**
 * Objects in order of their key. A plain array: moving a hundred thousand pointers costs less than balancing a tree, a
 * list is the array itself, and loading in order appends. Whoever holds a snapshot keeps it: the next change copies first.
 */
export class SortedObjects {
  #objects: StoredObject[] = []
  #shared = false

  get size(): number {
    return this.#objects.length
  }

  /** All objects in order; never changes afterwards. */
  snapshot(): readonly StoredObject[] {
    this.#shared = true
    return this.#objects
  }

  put(object: StoredObject): void {
    const objects = this.#writable()
    const index = this.#find(object.key)
    if (objects[index]?.key === object.key) objects[index] = object
    else if (index === objects.length) objects.push(object)
    else objects.splice(index, 0, object)
  }

  delete(key: string): void {
    const index = this.#find(key)
    if (this.#objects[index]?.key === key) this.#writable().splice(index, 1)
  }

  #writable(): StoredObject[] {
    if (this.#shared) {
      this.#objects = this.#objects.slice()
      this.#shared = false
    }
    return this.#objects
  }

  /** Index of the first object whose key is not less. */
  #find(key: string): number {
    const objects = this.#objects
    // Most new keys of a bulk load belong at the end.
    if (objects.length === 0 || objects[objects.length - 1]!.key < key) return objects.length
    let low = 0
    let high = objects.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (objects[middle]!.key < key) low = middle + 1
      else high = middle
    }
    return low
  }
}
