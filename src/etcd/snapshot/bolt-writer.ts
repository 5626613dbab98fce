/**
 * Writes a bbolt database in one go, from buckets whose entries come in order. The header stands in front and tells what
 * is known only at the end (where the trees' roots are, how many pages there are); so everything is laid out twice, the
 * first time without writing, and nothing has to be kept in memory or patched.
 */
import {
  bucketBytes,
  bucketFlag,
  elementBytes,
  type Entry,
  metaBytes,
  metaChecksum,
  metaChecksumOffset,
  metaMagic,
  metaVersion,
  pageFlags,
  pageHeaderBytes,
} from "./bolt-format.ts"

export interface BoltBucket {
  readonly name: string
  /** In order of keys. Called twice, and must give the same. */
  readonly entries: () => Iterable<Entry>
}

export interface BoltFile {
  readonly sizeBytes: number
  /** The file's content, from start to end. */
  chunks(): Generator<Buffer>
}

const pageSize = 4096
const freeListPage = 2
const rootPage = 3
const firstDataPage = 4
const pagesPerBreath = 256

/** @param breathe awaited now and then, for others to get their turn */
export async function layOutBolt(
  buckets: readonly BoltBucket[],
  breathe: () => Promise<void>,
): Promise<BoltFile> {
  const sorted = buckets.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  let nextPage = firstDataPage
  const roots: number[] = []
  for (const { entries } of sorted) {
    const tree = new TreeLayout(nextPage)
    for (const { id } of tree.pages(entries())) if (id % pagesPerBreath === 0) await breathe()
    nextPage = tree.nextPage
    roots.push(tree.root)
  }
  return {
    sizeBytes: nextPage * pageSize,
    *chunks() {
      for (const transaction of [0, 1]) yield metaPage(transaction, nextPage)
      yield pageOf(freeListPage, pageFlags.freeList, [])
      yield pageOf(
        rootPage,
        pageFlags.leaf,
        sorted.map(({ name }, index) => [Buffer.from(name, "latin1"), bucketValue(roots[index]!)]),
        bucketFlag,
      )
      let page = firstDataPage
      for (const { entries } of sorted) {
        const tree = new TreeLayout(page)
        for (const { id, flags, content } of tree.pages(entries())) yield pageOf(id, flags, content)
        page = tree.nextPage
      }
    },
  }
}

interface Page {
  readonly id: number
  readonly flags: number
  readonly content: readonly Entry[]
}

/** Fills leaves from left to right, then branches over them, level by level, up to one page. */
class TreeLayout {
  nextPage: number
  root = 0

  constructor(firstPage: number) {
    this.nextPage = firstPage
  }

  *pages(entries: Iterable<Entry>): Generator<Page> {
    let level: Entry[] = []
    for (const page of this.#fill(entries, pageFlags.leaf)) {
      level.push([page.content[0]?.[0] ?? new Uint8Array(0), pageReference(page.id)])
      yield page
    }
    while (level.length > 1) {
      const above: Entry[] = []
      for (const page of this.#fill(level, pageFlags.branch)) {
        above.push([page.content[0]![0], pageReference(page.id)])
        yield page
      }
      level = above
    }
    this.root = Number(Buffer.from(level[0]![1]).readBigUInt64LE(0))
  }

  *#fill(entries: Iterable<Entry>, flags: number): Generator<Page> {
    let content: Entry[] = []
    let size = pageHeaderBytes
    let pages = 0
    for (const entry of entries) {
      const added = elementSize(entry, flags)
      // A branch needs two children, or the tree would not get narrower.
      const enough = content.length > (flags === pageFlags.branch ? 1 : 0)
      if (enough && size + added > pageSize) {
        yield this.#finish(flags, content, size)
        pages++
        content = []
        size = pageHeaderBytes
      }
      content.push(entry)
      size += added
    }
    if (content.length > 0 || pages === 0) yield this.#finish(flags, content, size)
  }

  #finish(flags: number, content: readonly Entry[], size: number): Page {
    const id = this.nextPage
    this.nextPage += Math.ceil(size / pageSize)
    return { id, flags, content }
  }
}

function elementSize([key, value]: Entry, flags: number): number {
  // A branch's value is a page id, which stands in the element itself.
  return elementBytes + key.length + (flags === pageFlags.branch ? 0 : value.length)
}

function pageOf(id: number, flags: number, content: readonly Entry[], elementFlags = 0): Buffer {
  const size = content.reduce((sum, entry) => sum + elementSize(entry, flags), pageHeaderBytes)
  const page = Buffer.alloc(Math.ceil(size / pageSize) * pageSize)
  page.writeBigUInt64LE(BigInt(id), 0)
  page.writeUInt16LE(flags, 8)
  page.writeUInt16LE(content.length, 10)
  page.writeUInt32LE(page.length / pageSize - 1, 12)
  let position = pageHeaderBytes + content.length * elementBytes
  for (const [index, [key, value]] of content.entries()) {
    const at = pageHeaderBytes + index * elementBytes
    if (flags === pageFlags.branch) {
      page.writeUInt32LE(position - at, at)
      page.writeUInt32LE(key.length, at + 4)
      page.set(value, at + 8)
      page.set(key, position)
      position += key.length
    } else {
      page.writeUInt32LE(elementFlags, at)
      page.writeUInt32LE(position - at, at + 4)
      page.writeUInt32LE(key.length, at + 8)
      page.writeUInt32LE(value.length, at + 12)
      page.set(key, position)
      page.set(value, position + key.length)
      position += key.length + value.length
    }
  }
  return page
}

function metaPage(transaction: number, pages: number): Buffer {
  const page = Buffer.alloc(pageSize)
  page.writeBigUInt64LE(BigInt(transaction), 0)
  page.writeUInt16LE(pageFlags.meta, 8)
  const meta = page.subarray(pageHeaderBytes, pageHeaderBytes + metaBytes)
  meta.writeUInt32LE(metaMagic, 0)
  meta.writeUInt32LE(metaVersion, 4)
  meta.writeUInt32LE(pageSize, 8)
  meta.writeBigUInt64LE(BigInt(rootPage), 16)
  meta.writeBigUInt64LE(BigInt(freeListPage), 32)
  meta.writeBigUInt64LE(BigInt(pages), 40)
  meta.writeBigUInt64LE(BigInt(transaction), 48)
  meta.writeBigUInt64LE(metaChecksum(meta), metaChecksumOffset)
  return page
}

function pageReference(id: number): Buffer {
  const value = Buffer.alloc(8)
  value.writeBigUInt64LE(BigInt(id))
  return value
}

function bucketValue(root: number): Buffer {
  const value = Buffer.alloc(bucketBytes)
  value.writeBigUInt64LE(BigInt(root))
  return value
}
