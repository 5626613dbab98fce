/**
 * Snapshots are etcd's own files: a bbolt database with its SHA-256 behind it. `etcdctl snapshot status` and `restore`
 * take ours, and a backup of a real cluster opens here.
 */
import { createHash } from "node:crypto"
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs"
import type { Clock } from "../../base/clock.ts"
import { type MemoryStore, type MemoryStoreOptions, memoryStoreOf } from "../memory/memory-store.ts"
import { State } from "../mvcc/state.ts"
import { BoltReader, type ByteSource, DamagedSnapshotError } from "./bolt-reader.ts"
import { layOutBolt } from "./bolt-writer.ts"
import { bucketsOf, readBuckets } from "./etcd-buckets.ts"

export interface Snapshot {
  readonly revision: number
  readonly sizeBytes: number
  /** The file's content, checksum included. */
  chunks(): Generator<Buffer>
}

const checksumBytes = 32

/** @param state must not change until the last chunk is taken; a fork does not */
export function snapshotOf(state: State): Snapshot {
  const file = layOutBolt(bucketsOf(state))
  return {
    revision: state.revision,
    sizeBytes: file.sizeBytes + checksumBytes,
    *chunks() {
      const hash = createHash("sha256")
      for (const chunk of file.chunks()) {
        hash.update(chunk)
        yield chunk
      }
      yield hash.digest()
    },
  }
}

/** Writes a snapshot; the file is there, whole and durable, or not at all. */
export function writeSnapshotFile(path: string, state: State): { revision: number; sizeBytes: number } {
  const snapshot = snapshotOf(state)
  const temporary = `${path}.part`
  const file = openSync(temporary, "w", 0o600)
  try {
    for (const chunk of snapshot.chunks()) writeSync(file, chunk)
    fsyncSync(file)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  } finally {
    closeSync(file)
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
