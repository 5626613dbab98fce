import {
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

/** The file is no snapshot, or not a whole one. */
export class DamagedSnapshotError extends Error {
  override readonly name = "DamagedSnapshotError"
  constructor(why: string) {
    super(`this is no whole etcd snapshot: ${why}`)
  }
}

export interface ByteSource {
  readonly sizeBytes: number
  /** Exactly so many bytes; fewer only at the end. */
  read(position: number, length: number): Buffer
}

interface Meta {
  readonly pageSize: number
  readonly root: number
  readonly transaction: bigint
}

/** Reads a bbolt database, page by page. */
export class BoltReader {
  readonly #source: ByteSource
  readonly #meta: Meta

  constructor(source: ByteSource) {
    this.#source = source
    this.#meta = findMeta(source)
  }

  /** The bucket's entries in order of their keys; none if there is no such bucket. Values are views of their pages. */
  *entries(bucket: string): Generator<Entry> {
    for (const [key, value, flags] of this.#walk(this.#meta.root)) {
      if (flags !== bucketFlag || Buffer.from(key).toString("latin1") !== bucket) continue
      const view = Buffer.from(value.buffer, value.byteOffset, value.length)
      const root = Number(view.readBigUInt64LE(0))
      // A small bucket has no page of its own: one stands behind its header.
      const elements = root === 0 ? this.#elements(view.subarray(16)) : this.#walk(root)
      for (const [entryKey, entryValue] of elements) yield [entryKey, entryValue]
    }
  }

  *#walk(pageId: number): Generator<readonly [Uint8Array, Uint8Array, number]> {
    const page = this.#page(pageId)
    const flags = page.readUInt16LE(8)
    if (flags === pageFlags.leaf) return yield* this.#elements(page)
    if (flags !== pageFlags.branch) throw new DamagedSnapshotError(`page ${pageId} is not part of a tree`)
    for (let index = 0; index < page.readUInt16LE(10); index++)
      yield* this.#walk(Number(page.readBigUInt64LE(pageHeaderBytes + index * elementBytes + 8)))
    return undefined
  }

  *#elements(page: Buffer): Generator<readonly [Uint8Array, Uint8Array, number]> {
    for (let index = 0; index < page.readUInt16LE(10); index++) {
      const at = pageHeaderBytes + index * elementBytes
      const keyStart = at + page.readUInt32LE(at + 4)
      const keyEnd = keyStart + page.readUInt32LE(at + 8)
      const valueEnd = keyEnd + page.readUInt32LE(at + 12)
      if (valueEnd > page.length) throw new DamagedSnapshotError("an entry goes beyond its page")
      yield [plain(page, keyStart, keyEnd), plain(page, keyEnd, valueEnd), page.readUInt32LE(at)]
    }
  }

  #page(pageId: number): Buffer {
    const { pageSize } = this.#meta
    const first = this.#source.read(pageId * pageSize, pageSize)
    if (first.length < pageSize) throw new DamagedSnapshotError(`page ${pageId} is missing`)
    if (Number(first.readBigUInt64LE(0)) !== pageId)
      throw new DamagedSnapshotError(`page ${pageId} is another one`)
    const overflow = first.readUInt32LE(12)
    if (overflow === 0) return first
    const whole = this.#source.read(pageId * pageSize, pageSize * (overflow + 1))
    if (whole.length < pageSize * (overflow + 1))
      throw new DamagedSnapshotError(`page ${pageId} is cut short`)
    return whole
  }
}

/** The newer of the two metas that are whole. */
function findMeta(source: ByteSource): Meta {
  // The second one is a page further on, whatever the size of a page was where the file was written.
  const offsets = [0, 4096, 8192, 16_384, 65_536]
  const metas = offsets.map((offset) => readMeta(source.read(offset + pageHeaderBytes, metaBytes)))
  const whole = metas.filter((meta) => meta !== undefined)
  if (whole.length === 0) throw new DamagedSnapshotError("its header is missing or damaged")
  return whole.reduce((best, meta) => (meta.transaction > best.transaction ? meta : best))
}

function readMeta(meta: Buffer): Meta | undefined {
  if (meta.length < metaBytes) return undefined
  if (meta.readUInt32LE(0) !== metaMagic || meta.readUInt32LE(4) !== metaVersion) return undefined
  if (meta.readBigUInt64LE(metaChecksumOffset) !== metaChecksum(meta)) return undefined
  return {
    pageSize: meta.readUInt32LE(8),
    root: Number(meta.readBigUInt64LE(16)),
    transaction: meta.readBigUInt64LE(48),
  }
}

function plain(page: Buffer, start: number, end: number): Uint8Array {
  return new Uint8Array(page.buffer, page.byteOffset + start, end - start)
}
