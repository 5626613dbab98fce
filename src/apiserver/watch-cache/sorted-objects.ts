import type { StoredObject } from "./stored-object.ts"

/** A block is split when it is longer; moving so many pointers costs next to nothing. */
const maxBlock = 1024

/**
 * Objects in order of their key: plain arrays of up to a thousand, one after the other. Putting one in moves the pointers of
 * its block, loading in order appends, and a list is the blocks joined. Whoever holds a snapshot keeps it.
 */
export class SortedObjects {
  readonly #blocks: StoredObject[][] = [[]]
  #size = 0
  #snapshot: readonly StoredObject[] | undefined = undefined

  get size(): number {
    return this.#size
  }

  /** All objects in order; never changes afterwards. */
  snapshot(): readonly StoredObject[] {
    return (this.#snapshot ??= this.#blocks.flat())
  }

  put(object: StoredObject): void {
    this.#snapshot = undefined
    const at = this.#findBlock(object.key)
    const block = this.#blocks[at]!
    const index = findIndex(block, object.key)
    if (block[index]?.key === object.key) {
      block[index] = object
      return
    }
    this.#size++
    if (index === block.length) block.push(object)
    else block.splice(index, 0, object)
    if (block.length > maxBlock) this.#split(at, index === block.length - 1)
  }

  delete(key: string): void {
    const at = this.#findBlock(key)
    const block = this.#blocks[at]!
    const index = findIndex(block, key)
    if (block[index]?.key !== key) return
    this.#snapshot = undefined
    this.#size--
    block.splice(index, 1)
    if (block.length === 0 && this.#blocks.length > 1) this.#blocks.splice(at, 1)
  }

  /** What grows at the end is left full; what grows in the middle is halved. */
  #split(at: number, growsAtEnd: boolean): void {
    const block = this.#blocks[at]!
    this.#blocks.splice(at + 1, 0, block.splice(growsAtEnd ? block.length - 1 : block.length >> 1))
  }

  /** The last block that begins with the key or something before it. */
  #findBlock(key: string): number {
    const blocks = this.#blocks
    let low = 0
    let high = blocks.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (blocks[middle]![0]!.key <= key) low = middle
      else high = middle
    }
    return low
  }
}

/** Index of the first object whose key is not less. */
function findIndex(objects: readonly StoredObject[], key: string): number {
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
