import type { Clock } from "../../base/clock.ts"
import type { Journal, JournalRecord } from "../mvcc/journal.ts"
import { ByteWriter } from "./bytes.ts"
import { frameHeaderBytes, sealFrame } from "./frame.ts"
import type { Head } from "./head.ts"
import type { History } from "./history.ts"
import type { LogWriter } from "./log-writer.ts"
import { writeRecord } from "./record-codec.ts"

/** What is known of one log file. */
export interface LogFile {
  readonly number: number
  /** Of the first frame in it. */
  readonly firstSequence: number
  /** The newest revision in it; what it was before the file if it has none. */
  readonly lastRevision: number
  readonly sizeBytes: number
}

export interface LogJournalOptions {
  readonly clock: Clock
  readonly writer: LogWriter
  readonly head: Head
  readonly history: History
  /** Oldest first; the last one is being written to. */
  readonly files: readonly LogFile[]
  readonly sequence: number
  readonly writtenBytes: number
  readonly onFlushed: () => void
}

/** Puts a store's records into the log: one frame per group. */
export class LogJournal implements Journal {
  readonly #clock: Clock
  readonly #writer: LogWriter
  readonly #head: Head
  readonly #history: History
  readonly #onFlushed: () => void
  #files: readonly LogFile[]
  #sequence: number
  #writtenBytes: number
  #revision: number
  // Records gather in one while the other is on its way to the disk.
  #gathering = emptyFrame()
  #flushing = emptyFrame()

  constructor(options: LogJournalOptions) {
    this.#clock = options.clock
    this.#writer = options.writer
    this.#head = options.head
    this.#history = options.history
    this.#files = options.files
    this.#sequence = options.sequence
    this.#writtenBytes = options.writtenBytes
    this.#onFlushed = options.onFlushed
    this.#revision = options.files.at(-1)?.lastRevision ?? 0
  }

  get files(): readonly LogFile[] {
    return this.#files
  }

  /** All that was written to the log since it exists (or was opened): grows only. */
  get writtenBytes(): number {
    return this.#writtenBytes
  }

  add(record: JournalRecord): void {
    writeRecord(this.#gathering, record)
    if (record.type === "events") this.#revision = record.revision
  }

  async flush(): Promise<void> {
    const writer = this.#gathering
    this.#gathering = this.#flushing
    this.#flushing = writer
    const revision = this.#revision
    const timeMs = this.#clock.now()
    const frame = writer.written
    sealFrame(frame, ++this.#sequence, timeMs)
    await this.#writer.write(frame)
    this.#writtenBytes += frame.length
    this.#note(revision)
    this.#head.write({ file: this.#writer.number, byte: this.#writer.position, sequence: this.#sequence })
    this.#history.add({ timeMs, revision, writtenBytes: this.#writtenBytes })
    writer.reset(frameHeaderBytes)
    this.#onFlushed()
  }

  /** Takes files out of the books, those before `number`, which are not needed any more. */
  forgetFilesBefore(number: number): readonly LogFile[] {
    const forgotten = this.#files.filter((file) => file.number < number)
    this.#files = this.#files.filter((file) => file.number >= number)
    return forgotten
  }

  async close(): Promise<void> {
    this.#writer.close()
    this.#head.close()
  }

  #note(lastRevision: number): void {
    const { number, position: sizeBytes } = this.#writer
    const last = this.#files.at(-1)
    const isNew = last?.number !== number
    const firstSequence = isNew ? this.#sequence : last.firstSequence
    const others = isNew ? this.#files : this.#files.slice(0, -1)
    this.#files = [...others, { number, firstSequence, lastRevision, sizeBytes }]
  }
}

function emptyFrame(): ByteWriter {
  const writer = new ByteWriter(64 * 1024)
  writer.reset(frameHeaderBytes)
  return writer
}
