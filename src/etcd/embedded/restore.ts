import { rmSync } from "node:fs"
import type { Clock } from "../../base/clock.ts"
import type { State } from "../mvcc/state.ts"
import { readSnapshotFile } from "../snapshot/snapshot-file.ts"
import { writeBase } from "./base-file.ts"
import { lockDirectory } from "./directory-lock.ts"
import { StoreFormatError } from "./errors.ts"
import { listFiles, pathOf } from "./files.ts"
import { Head } from "./head.ts"
import { History } from "./history.ts"
import { LogJournal } from "./log-journal.ts"
import { LogWriter } from "./log-writer.ts"

export interface RestoreOptions {
  /** A snapshot file, ours or a real etcd's. */
  readonly snapshot: string
  /** Where the store will be; it must not hold one. */
  readonly directory: string
  readonly clock: Clock
}

const logFileBytes = 16 << 20
const revisionsPerFrame = 200

/** Makes a store of a snapshot, with the history that is in it. Resolves to its revision. */
export async function restoreSnapshot({ snapshot, directory, clock }: RestoreOptions): Promise<number> {
  const state = readSnapshotFile(snapshot, clock)
  const lock = lockDirectory(directory)
  try {
    if (listFiles(directory, "log").length > 0 || listFiles(directory, "base").length > 0)
      throw new StoreFormatError(`${directory} holds a store already. Restore into an empty directory.`)
    const base = pathOf(directory, "base", 1)
    if (state.compactRevision > 0)
      await writeBase(base, { state, revision: state.compactRevision, nextSequence: 1 }, clock)
    try {
      await writeHistory(directory, state, clock)
    } catch (error) {
      rmSync(base, { force: true })
      throw error
    }
    return state.revision
  } finally {
    lock.release()
  }
}

async function writeHistory(directory: string, state: State, clock: Clock): Promise<void> {
  const journal = new LogJournal({
    clock,
    writer: new LogWriter(directory, undefined, logFileBytes),
    head: new Head(directory),
    history: new History(logFileBytes),
    files: [],
    sequence: 0,
    writtenBytes: 0,
    onFlushed: () => {},
  })
  for (const id of state.leases.ids())
    journal.add({ type: "grant", id, ttlSeconds: state.leases.get(id).ttlSeconds })
  for (let next = Math.max(state.compactRevision, 2); next <= state.revision; ) {
    let count = 0
    state.events(next, state.revision, (events, revision) => {
      journal.add({ type: "events", revision, events })
      next = revision + 1
      return ++count < revisionsPerFrame
    })
    if (count === 0) break
    await journal.flush()
  }
  await journal.flush()
  await journal.close()
}
