/**
 * Snapshots are etcd's own files: a bbolt database with its SHA-256 behind it. `etcdctl snapshot status` and `restore`
 * take ours, and a backup of a real cluster opens here.
 */
import { createHash } from "node:crypto"
import { closeSync, existsSync, fstatSync, openSync, readSync, renameSync, rmSync } from "node:fs"
import { open } from "node:fs/promises"
import type { Clock } from "../../base/clock.ts"
import { type MemoryStore, type MemoryStoreOptions, memoryStoreOf } from "../memory/memory-store.ts"
import { State } from "../mvcc/state.ts"
import { BoltReader, type ByteSource, DamagedSnapshotError } from "./bolt-reader.ts"
import { layOutBolt } from "./bolt-writer.ts"
import { bucketsOf, readBuckets } from "./etcd-buckets.ts"

export interface Snapshot {
  readonly revision: number
  readonly sizeBytes: number
  /** The file's content in pieces of some 100 kB, checksum included. */
  pieces(): Generator<Buffer>
}

const checksumBytes = 32
const pieceBytes = 128 * 1024

/** @param state must not change until the last piece is taken; a fork does not */
export async function snapshotOf(state: State, clock: Clock): Promise<Snapshot> {
  const breathe = () => new Promise<void>((resolve) => clock.soon(resolve))
  const file = await layOutBolt(bucketsOf(state), breathe)
  return {
    revision: state.revision,
    sizeBytes: file.sizeBytes + checksumBytes,
    pieces: () => inPieces(withChecksum(file.chunks())),
  }
}

function* withChecksum(chunks: Iterable<Buffer>): Generator<Buffer> {
  const hash = createHash("sha256")
  for (const chunk of chunks) {
    hash.update(chunk)
    yield chunk
  }
  yield hash.digest()
}

function* inPieces(chunks: Iterable<Buffer>): Generator<Buffer> {
  let pending: Buffer[] = []
  let bytes = 0
  for (const chunk of chunks) {
    pending.push(chunk)
    bytes += chunk.length
    if (bytes < pieceBytes) continue
    yield Buffer.concat(pending)
    pending = []
    bytes = 0
  }
  if (bytes > 0) yield Buffer.concat(pending)
}

export interface WrittenSnapshot {
  readonly revision: number
  readonly sizeBytes: number
}

/**
 * Writes a snapshot; the file is there, whole and durable, or not at all.
 *
 * @param state must not change until then; a fork does not
 */
export async function writeSnapshotFile(path: string, state: State, clock: Clock): Promise<WrittenSnapshot> {
  const snapshot = await snapshotOf(state, clock)
  const temporary = `${path}.part`
  const file = await open(temporary, "w", 0o600)
  try {
    for (const piece of snapshot.pieces()) await file.writeFile(piece)
    await file.sync()
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  } finally {
    await file.close()
  }
  renameSync(temporary, path)
  return { revision: snapshot.revision, sizeBytes: snapshot.sizeBytes }
}

/** Reads a snapshot, ours or a real etcd's. Throws DamagedSnapshotError if it is not whole. */
export function readSnapshotFile(path: string, clock: Clock): State {
  if (!existsSync(path)) throw new DamagedSnapshotError(`there is no file ${path}`)
  const file = openSync(path, "r")
  try {
    const source = fileSource(file)
    checkHash(source)
    const state = new State()
    readBuckets(new BoltReader(source), state, clock.monotonic())
    return state
  } finally {
    closeSync(file)
  }
}

/** A snapshot as a store in memory, to look into: what is written there stays there. */
export function openSnapshot(path: string, options: MemoryStoreOptions): MemoryStore {
  return memoryStoreOf(readSnapshotFile(path, options.clock), options)
}

function fileSource(file: number): ByteSource {
  return {
    sizeBytes: fstatSync(file).size,
    read(position, length) {
      const buffer = Buffer.allocUnsafeSlow(length)
      let done = 0
      while (done < length) {
        const count = readSync(file, buffer, done, length - done, position + done)
        if (count === 0) break
        done += count
      }
      return buffer.subarray(0, done)
    },
  }
}

// A database that was copied from a member's directory instead of being asked for has no checksum behind it.
function checkHash({ sizeBytes, read }: ByteSource): void {
  if (sizeBytes % 512 !== checksumBytes) return
  const hash = createHash("sha256")
  const end = sizeBytes - checksumBytes
  for (let position = 0; position < end; position += 1 << 20)
    hash.update(read(position, Math.min(1 << 20, end - position)))
  if (!hash.digest().equals(read(end, checksumBytes)))
    throw new DamagedSnapshotError("its checksum does not match")
}
