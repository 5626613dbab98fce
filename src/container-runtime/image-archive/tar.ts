// Tar archives in the ustar format (POSIX.1-1988), as far as image archives need it. Writing is deterministic: the same
// entries give the same bytes, so that the images built here always have the same digest.

export type TarEntry =
  | { readonly type: "file"; readonly path: string; readonly mode: number; readonly content: Uint8Array }
  | { readonly type: "directory"; readonly path: string; readonly mode: number }
  | { readonly type: "symlink"; readonly path: string; readonly target: string }
  | { readonly type: "hardlink"; readonly path: string; readonly target: string }

const blockBytes = 512

/** One archive. Owners are root and times are the epoch. Paths are relative, at most 255 bytes. */
export function writeTar(entries: readonly TarEntry[]): Buffer {
  const chunks: Uint8Array[] = []
  for (const entry of entries) {
    chunks.push(header(entry))
    if (entry.type === "file") {
      chunks.push(entry.content, new Uint8Array(padding(entry.content.length)))
    }
  }
  chunks.push(new Uint8Array(blockBytes * 2))
  return Buffer.concat(chunks)
}

function padding(size: number): number {
  return (blockBytes - (size % blockBytes)) % blockBytes
}

const typeFlags = { file: "0", hardlink: "1", symlink: "2", directory: "5" } as const

function header(entry: TarEntry): Buffer {
  const block = Buffer.alloc(blockBytes)
  const { name, prefix } = splitPath(entry.type === "directory" ? `${entry.path}/` : entry.path)
  const octal = (value: number, offset: number, length: number) =>
    block.write(value.toString(8).padStart(length - 1, "0"), offset, "latin1")
  block.write(name, 0)
  octal("mode" in entry ? entry.mode : 0o777, 100, 8)
  octal(0, 108, 8)
  octal(0, 116, 8)
  octal(entry.type === "file" ? entry.content.length : 0, 124, 12)
  octal(0, 136, 12)
  block.fill(" ", 148, 156)
  block.write(typeFlags[entry.type], 156)
  if ("target" in entry) block.write(entry.target, 157)
  block.write("ustar\u000000", 257, "latin1")
  block.write("root", 265)
  block.write("root", 297)
  block.write(prefix, 345)
  let sum = 0
  for (const byte of block) sum += byte
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1")
  return block
}

function splitPath(path: string): { name: string; prefix: string } {
  if (Buffer.byteLength(path) <= 100) return { name: path, prefix: "" }
  const cut = path.indexOf("/", path.length - 101)
  if (cut < 0 || cut > 155) throw new Error(`path is too long for a tar archive: ${path}`)
  return { name: path.slice(cut + 1), prefix: path.slice(0, cut) }
}

/** An entry as read. `content` must be read to its end (or `skip`ped by leaving it) before the next entry is asked for. */
export interface TarMember {
  readonly path: string
  readonly type: "file" | "directory" | "symlink" | "hardlink" | "other"
  readonly size: number
  /** For links. */
  readonly target: string
  readonly content: AsyncIterable<Uint8Array>
}

/** Reads an archive as it streams by: ustar, GNU long names and PAX paths. */
export async function* readTar(stream: AsyncIterable<Uint8Array>): AsyncGenerator<TarMember> {
  const bytes = new ByteQueue(stream)
  let override: { path?: string; linkpath?: string; size?: string } = {}
  for (;;) {
    const block = await bytes.take(blockBytes)
    if (!block || block.every((byte) => byte === 0)) return
    const raw = parseHeader(block)
    const size = override.size ? Number(override.size) : raw.size
    if (raw.flag === "x" || raw.flag === "L" || raw.flag === "K") {
      const text = (await bytes.take(size + padding(size)))?.subarray(0, size).toString() ?? ""
      if (raw.flag === "x") override = { ...override, ...parsePax(text) }
      else override[raw.flag === "L" ? "path" : "linkpath"] = text.replace(/\0+$/, "")
      continue
    }
    const content = bytes.limited(size)
    yield {
      path: (override.path ?? raw.path).replace(/^\.\//, ""),
      type: memberTypes[raw.flag] ?? "other",
      size,
      target: override.linkpath ?? raw.target,
      content,
    }
    for await (const _ of content) {
      // What the consumer left unread stands between us and the next header.
    }
    await bytes.take(padding(size))
    override = {}
  }
}

const memberTypes: Readonly<Record<string, TarMember["type"]>> = {
  "0": "file",
  "\0": "file",
  "1": "hardlink",
  "2": "symlink",
  "5": "directory",
}

function parseHeader(block: Buffer) {
  const text = (start: number, length: number) => {
    const raw = block.subarray(start, start + length)
    const end = raw.indexOf(0)
    return raw.subarray(0, end < 0 ? length : end).toString()
  }
  const prefix = text(257, 5) === "ustar" ? text(345, 155) : ""
  const name = text(0, 100)
  return {
    path: prefix ? `${prefix}/${name}` : name,
    // Sizes beyond 8 GiB are binary, marked by the top bit.
    size: block[124]! & 0x80 ? Number(block.readBigUInt64BE(128)) : Number.parseInt(text(124, 12), 8) || 0,
    flag: String.fromCharCode(block[156]!),
    target: text(157, 100),
  }
}

/** "30 path=some/long/name\n" repeated; the number counts the whole line. */
function parsePax(text: string): Record<string, string> {
  const values: Record<string, string> = {}
  for (const line of text.split("\n")) {
    const match = /^\d+ ([^=]+)=(.*)$/.exec(line)
    if (match) values[match[1]!] = match[2]!
  }
  return values
}

/** Bytes of a stream, in the portions that the reader wants rather than those in which they come. */
class ByteQueue {
  readonly #source: AsyncIterator<Uint8Array>
  #chunk: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  /** Exactly `length` bytes, or undefined at a clean end. */
  async take(length: number): Promise<Buffer | undefined> {
    if (length === 0) return Buffer.alloc(0)
    const parts: Buffer[] = []
    for (let wanted = length; wanted > 0; ) {
      const part = await this.next(wanted)
      if (!part) {
        if (parts.length === 0) return undefined
        throw new Error(`tar archive ends in the middle of an entry: ${wanted} more bytes wanted`)
      }
      parts.push(part)
      wanted -= part.length
    }
    return parts.length === 1 ? parts[0] : Buffer.concat(parts)
  }

  /** At most `limit` bytes, at least one; undefined at the end. */
  async next(limit: number): Promise<Buffer | undefined> {
    while (this.#chunk.length === 0) {
      const { value, done } = await this.#source.next()
      if (done) return undefined
      this.#chunk = Buffer.from(value.buffer, value.byteOffset, value.length)
    }
    const part = this.#chunk.subarray(0, limit)
    this.#chunk = this.#chunk.subarray(part.length)
    return part
  }

  /** The next `length` bytes, as a stream that may be left and taken up again. */
  limited(length: number): AsyncIterable<Uint8Array> {
    let left = length
    return {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          if (left === 0) return { done: true as const, value: undefined }
          const part = await this.next(left)
          if (!part) throw new Error(`tar archive ends in the middle of an entry: ${left} more bytes wanted`)
          left -= part.length
          return { done: false as const, value: part as Uint8Array }
        },
      }),
    }
  }
}
