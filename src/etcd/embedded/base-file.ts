/**
 * A base is everything as of one revision, in one file: what the log before it amounts to. It is written beside the
 * living store from a fork of its state, and counts only when it is complete and durable under its final name.
 */
import { renameSync } from "node:fs"
import { type FileHandle, open } from "node:fs/promises"
import { dirname } from "node:path"
import type { Clock } from "../../base/clock.ts"
import type { State } from "../mvcc/state.ts"
import { ByteWriter } from "./bytes.ts"
import { DamagedStoreError } from "./errors.ts"
import { magicOf, syncDirectory } from "./files.ts"
import { frameHeaderBytes, sealFrame } from "./frame.ts"
import { readFrames } from "./log-reader.ts"
import { type BaseRecord, readRecords, type StoredRecord, writeRecord } from "./record-codec.ts"

const frameBytes = 256 * 1024
/** Forced to disk in portions: a large one would hold up the log's own writes for as long as it takes. */
const syncBytes = 2 << 20

export interface BaseContent {
  /** A copy that nobody changes. */
  readonly state: State
  readonly revision: number
  readonly nextSequence: number
}

/** Returns the file's size. Other work goes on between its frames. */
export async function writeBase(path: string, content: BaseContent, clock: Clock): Promise<number> {
  const { state, revision, nextSequence } = content
  const temporary = `${path}.tmp`
  const file = await open(temporary, "w", 0o600)
  let sizeBytes: number
  try {
    const frames = new FrameFile(file, clock)
    await frames.start()
    frames.add({ type: "base", revision, nextSequence })
    if (state.alarm) frames.add({ type: "alarm", raised: true })
    const ids = state.leases.ids()
    for (const id of ids) frames.add({ type: "grant", id, ttlSeconds: state.leases.get(id).ttlSeconds })
    const keys = await writeKeys(frames, state, revision)
    frames.add({ type: "end", keys, leases: ids.length })
    await frames.flush()
    await file.datasync()
    sizeBytes = frames.sizeBytes
  } finally {
    await file.close()
  }
  renameSync(temporary, path)
  syncDirectory(dirname(path))
  return sizeBytes
}

async function writeKeys(frames: FrameFile, state: State, revision: number): Promise<number> {
  let keys = 0
  let from: string | undefined = ""
  while (from !== undefined) {
    let next: string | undefined
    state.scan(from, "\u0100", revision, (kv) => {
      frames.add({ type: "key", kv })
      keys++
      if (!frames.full) return true
      next = `${kv.key}\0`
      return false
    })
    await frames.flush()
    from = next
  }
  return keys
}

/** Reads a base into an empty state. */
export function readBase(
  path: string,
  state: State,
  clock: Clock,
): { revision: number; nextSequence: number; sizeBytes: number } {
  let start: Extract<BaseRecord, { type: "base" }> | undefined
  let end: Extract<BaseRecord, { type: "end" }> | undefined
  let keys = 0
  let sequence = 0
  const take = (record: StoredRecord): void => {
    if (end !== undefined || (start === undefined) !== (record.type === "base"))
      throw new RangeError(`a record of type ${record.type} is out of place`)
    if (record.type === "base") {
      start = record
      state.startAt(record.revision)
    } else if (record.type === "key") {
      state.restore(record.kv)
      keys++
    } else if (record.type === "grant") {
      const { id, ttlSeconds } = record
      state.leases.set({ id, ttlSeconds, expiresAtMs: clock.monotonic() + ttlSeconds * 1000 })
    } else if (record.type === "alarm") {
      state.alarm = record.raised
    } else if (record.type === "end") {
      if (record.keys !== keys)
        throw new RangeError(`there are ${keys} keys where ${record.keys} were written`)
      end = record
    }
  }
  const { byte, broken, sizeBytes } = readFrames(path, "base", (frame) => {
    if (frame.sequence !== ++sequence)
      throw new RangeError(`frame ${frame.sequence} where ${sequence} was due`)
    readRecords(frame.content, take)
  })
  if (broken !== undefined) throw new DamagedStoreError(path, byte, broken)
  if (start === undefined || end === undefined)
    throw new DamagedStoreError(path, byte, "the file's end is missing")
  return { revision: start.revision, nextSequence: start.nextSequence, sizeBytes }
}

class FrameFile {
  readonly #file: FileHandle
  readonly #clock: Clock
  readonly #writer = new ByteWriter(frameBytes * 2)
  #sequence = 0
  #position = 0
  #synced = 0

  constructor(file: FileHandle, clock: Clock) {
    this.#file = file
    this.#clock = clock
    this.#writer.reset(frameHeaderBytes)
  }

  get sizeBytes(): number {
    return this.#position
  }

  get full(): boolean {
    return this.#writer.length >= frameBytes
  }

  async start(): Promise<void> {
    await this.#write(magicOf("base"))
  }

  add(record: StoredRecord): void {
    writeRecord(this.#writer, record)
  }

  async flush(): Promise<void> {
    const frame = this.#writer.written
    if (frame.length === frameHeaderBytes) return
    sealFrame(frame, ++this.#sequence, this.#clock.now())
    await this.#write(frame)
    this.#writer.reset(frameHeaderBytes)
    if (this.#position - this.#synced < syncBytes) return
    await this.#file.datasync()
    this.#synced = this.#position
  }

  async #write(bytes: Buffer): Promise<void> {
    let done = 0
    while (done < bytes.length) {
      const { bytesWritten } = await this.#file.write(bytes, done, bytes.length - done, this.#position + done)
      done += bytesWritten
    }
    this.#position += bytes.length
  }
}
