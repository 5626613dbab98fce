import { createInflate, constants, type Inflate } from "node:zlib"
import { headerDictionary, headerDictionaryId } from "./dictionary.ts"

/** Names in lower case; several values of one name are kept apart. */
export type SpdyHeaders = Readonly<Record<string, readonly string[]>>

/** More is not read: a few bytes can inflate to very many. */
const maxInflatedBytes = 256 * 1024

/**
 * The names and values at a stream's start. One compressed stream runs through all blocks of a direction, so blocks must
 * be written, and read, in the order they travel.
 *
 * Writing does not compress: deflate knows stored blocks, every reader takes them, and a few hundred bytes per stream are
 * not worth more.
 */
export class HeaderWriter {
  #started = false

  encode(headers: SpdyHeaders): Buffer {
    const plain = encodeHeaders(headers)
    const parts: Buffer[] = []
    if (!this.#started) parts.push(streamStart)
    this.#started = true
    for (let offset = 0; offset < plain.length; offset += 0xffff)
      parts.push(storedBlock(plain.subarray(offset, offset + 0xffff)))
    // An empty block is how a compressor says "this far for now"; Go gives nothing out before it.
    parts.push(storedBlock(Buffer.alloc(0)))
    return Buffer.concat(parts)
  }
}

// Method "deflate" with a 32 KiB window, "a preset dictionary is needed", and which one (RFC 1950).
const streamStart = Buffer.from([0x78, 0xbb, 0, 0, 0, 0])
streamStart.writeUInt32BE(headerDictionaryId, 2)

// Not the last block, type "stored", length and its complement (RFC 1951, 3.2.4).
function storedBlock(bytes: Buffer): Buffer {
  const start = Buffer.alloc(5)
  start.writeUInt16LE(bytes.length, 1)
  start.writeUInt16LE(bytes.length ^ 0xffff, 3)
  return Buffer.concat([start, bytes])
}

function encodeHeaders(headers: SpdyHeaders): Buffer {
  const entries = Object.entries(headers)
  const parts = [uint32(entries.length)]
  for (const [name, values] of entries) {
    const lower = Buffer.from(name.toLowerCase())
    const value = Buffer.from(values.join("\0"))
    parts.push(uint32(lower.length), lower, uint32(value.length), value)
  }
  return Buffer.concat(parts)
}

export class HeaderReader {
  readonly #inflate: Inflate
  #chunks: Buffer[] = []
  #inflatedBytes = 0

  constructor() {
    this.#inflate = createInflate({
      dictionary: headerDictionary,
      flush: constants.Z_SYNC_FLUSH,
      finishFlush: constants.Z_SYNC_FLUSH,
    })
    this.#inflate.on("data", (chunk: Buffer) => {
      this.#inflatedBytes += chunk.length
      if (this.#inflatedBytes > maxInflatedBytes) this.close()
      else this.#chunks.push(chunk)
    })
    // Told to whoever waits, by the callback of write.
    this.#inflate.on("error", () => {})
  }

  /** Not to be called again before the last call has settled. */
  async decode(block: Uint8Array): Promise<SpdyHeaders> {
    this.#inflatedBytes = 0
    await new Promise<void>((resolve, reject) => {
      this.#inflate.write(block, (error) => (error ? reject(error) : resolve()))
    })
    if (this.#inflatedBytes > maxInflatedBytes) throw new Error("SPDY: the header block is too large")
    const plain = Buffer.concat(this.#chunks)
    this.#chunks = []
    return decodeHeaders(plain)
  }

  close(): void {
    this.#inflate.destroy()
  }
}

function decodeHeaders(plain: Buffer): SpdyHeaders {
  const headers: Record<string, readonly string[]> = {}
  let offset = 0
  const text = (): string => {
    const end = offset + 4 + (offset + 4 <= plain.length ? plain.readUInt32BE(offset) : Infinity)
    if (end > plain.length) throw new Error("SPDY: the header block is cut short")
    const found = plain.toString("utf8", offset + 4, end)
    offset = end
    return found
  }
  if (plain.length < 4) throw new Error("SPDY: the header block is cut short")
  const count = plain.readUInt32BE(0)
  offset = 4
  for (let index = 0; index < count; index++) headers[text()] = text().split("\0")
  return headers
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
