/**
 * The default store: everything is in memory, and every change is in a log on disk before it is acknowledged. See
 * docs/decisions/0003-embedded-store.md for why, and files.ts for what lies in the directory.
 */
import { type Clock } from "../../base/clock.ts"
import { type Logger } from "../../base/log.ts"
import type { Random } from "../../base/random.ts"
import { type MemoryStore, type MemoryStoreOptions, memoryStoreOf } from "../memory/memory-store.ts"
import { LocalStore, type Maintainable } from "../mvcc/local-store.ts"
import { State } from "../mvcc/state.ts"
import type { Store } from "../store.ts"
import { lockDirectory } from "./directory-lock.ts"
import { Head } from "./head.ts"
import { History } from "./history.ts"
import { LogJournal } from "./log-journal.ts"
import { LogWriter } from "./log-writer.ts"
import { Reclaimer } from "./reclaim.ts"
import { recover, type Recovered } from "./recover.ts"
import { Retention } from "./retention.ts"

export interface EmbeddedStoreOptions {
  /** Created if it is not there. One process at a time. */
  readonly directory: string
  readonly clock: Clock
  readonly log: Logger
  /** For lease ids. @default they count up */
  readonly random?: Random
  /** How long past revisions can be read. @default one hour */
  readonly historyMs?: number
  /** How much may be written before the oldest past revisions are given up in spite of that. @default 32 MiB */
  readonly historyBytes?: number
  /** When puts are refused. It bounds memory more than disk. @default 2 GiB, as etcd's */
  readonly quotaBytes?: number
  /** When to go on in a new log file: what is removed at once, at the least. @default 16 MiB */
  readonly logFileBytes?: number
}

export interface EmbeddedStore extends Store, Maintainable {
  /** The newest revision at that time (to the second); undefined if it is not kept any more. */
  revisionAt(timeMs: number): number | undefined
  /** Everything as of now, in constant time, as a store in memory that goes its own way. */
  fork(options: MemoryStoreOptions): MemoryStore
}

const mebibyte = 1 << 20
const defaultHistoryBytes = 32 * mebibyte

/**
 * Opens the store in a directory, or makes a new one.
 *
 * Throws StoreLockedError if another process has it, DamagedStoreError if its files are not what was written,
 * StoreFormatError if another version of the program wrote them.
 */
export async function openEmbeddedStore(options: EmbeddedStoreOptions): Promise<EmbeddedStore> {
  const lock = lockDirectory(options.directory)
  try {
    const { directory, clock, log } = options
    const state = new State()
    const history = new History(options.historyBytes ?? defaultHistoryBytes)
    const head = new Head(directory)
    const recovered = recover({ directory, clock, log, state, history, head: head.read(directory) })
    return assemble(options, { state, history, head, recovered, release: () => lock.release() })
  } catch (error) {
    lock.release()
    throw error
  }
}

interface Parts {
  readonly state: State
  readonly history: History
  readonly head: Head
  readonly recovered: Recovered
  readonly release: () => void
}

function assemble(options: EmbeddedStoreOptions, parts: Parts): EmbeddedStore {
  const {
    directory,
    clock,
    log,
    random,
    quotaBytes = 2048 * mebibyte,
    logFileBytes = 16 * mebibyte,
  } = options
  const { historyMs: maxAgeMs = 3_600_000, historyBytes: maxBytes = defaultHistoryBytes } = options
  const { state, history, head, recovered } = parts
  const writer = new LogWriter(directory, recovered.end, logFileBytes, recovered.endIsOld)
  const journal = new LogJournal({
    clock,
    writer,
    head,
    history,
    files: recovered.files,
    sequence: recovered.end?.sequence ?? 0,
    writtenBytes: recovered.writtenBytes,
    onFlushed: () => retention.afterWrite(journal.writtenBytes),
  })
  const store = new LocalStore({
    state,
    clock,
    random,
    quotaBytes,
    journal: {
      add: (record) => journal.add(record),
      flush: () => journal.flush(),
      close: async () => {
        retention.stop()
        await reclaimer.idle()
        await journal.close()
        parts.release()
      },
    },
    diskBytes: () => journal.files.reduce((sum, file) => sum + file.sizeBytes, reclaimer.baseBytes),
    defragment: () => reclaimer.reclaim(),
    onCompacted: (revision) => {
      history.forget(revision)
      reclaimer.consider(revision)
    },
  })
  const compact = (revision: number) => {
    if (revision > store.compactRevision) store.compact(revision).catch(() => {})
  }
  const retention = new Retention({ clock, history, maxAgeMs, maxBytes, compact })
  const fork = () => store.forkState()
  const base = recovered.base
  const reclaimer = new Reclaimer({ directory, clock, log, journal, base, minimumBytes: logFileBytes, fork })
  return Object.assign(store, {
    revisionAt: (timeMs: number) => history.revisionAt(timeMs),
    fork: (forked: MemoryStoreOptions) => memoryStoreOf(store.forkState(), forked),
  })
}
