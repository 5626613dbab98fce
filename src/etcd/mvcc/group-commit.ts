/**
 * Group commit: while one group of records is being written, the next one gathers, so that many writers share one
 * fsync. Callers get the promise of their group.
 */
import type { Clock } from "../../base/clock.ts"
import { StoreUnavailableError } from "../store.ts"
import type { Journal, JournalRecord } from "./journal.ts"
import { messageOf } from "../../base/message-of.ts"

interface Group {
  /** The newest revision in the group; 0 if it makes none. */
  revision: number
  readonly durable: Promise<void>
  readonly settle: (error?: Error) => void
}

export class GroupCommit {
  readonly #journal: Journal
  readonly #clock: Clock
  readonly #onDurable: (revision: number) => void
  #gathering: Group | undefined
  #writing: Group | undefined
  #failure: Error | undefined

  /** @param onDurable called with each group's newest revision, before its writers are told */
  constructor(journal: Journal, clock: Clock, onDurable: (revision: number) => void) {
    this.#journal = journal
    this.#clock = clock
    this.#onDurable = onDurable
  }

  /** Why nothing can be written any more, if so. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** Resolves when the record is durable. */
  append(record: JournalRecord): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    if (this.#gathering === undefined) {
      this.#gathering = newGroup()
      // Not at once: whoever else is about to write in this turn of the event loop comes along.
      if (this.#writing === undefined) this.#clock.soon(() => this.#writeNext())
    }
    this.#journal.add(record)
    if (record.type === "events") this.#gathering.revision = record.revision
    return this.#gathering.durable
  }

  /** Resolves when everything appended so far is durable. */
  async flushed(): Promise<void> {
    await (this.#gathering ?? this.#writing)?.durable
    if (this.#failure !== undefined) throw this.#failure
  }

  #writeNext(): void {
    const group = this.#gathering
    if (group === undefined || this.#writing !== undefined) return
    this.#gathering = undefined
    this.#writing = group
    this.#journal.flush().then(
      () => {
        this.#writing = undefined
        if (group.revision > 0) this.#onDurable(group.revision)
        group.settle()
        this.#writeNext()
      },
      (error: unknown) => this.#fail(group, error),
    )
  }

  // The state in memory is ahead of the disk now, and what the disk holds is unknown: only a restart can tell.
  #fail(group: Group, cause: unknown): void {
    const reason = messageOf(cause)
    this.#failure = new StoreUnavailableError(`etcdserver: the store cannot write: ${reason}`, { cause })
    this.#writing = undefined
    const gathering = this.#gathering
    this.#gathering = undefined
    group.settle(this.#failure)
    gathering?.settle(this.#failure)
  }
}

function newGroup(): Group {
  let settle: Group["settle"] = () => {}
  const durable = new Promise<void>((resolve, reject) => {
    settle = (error) => (error === undefined ? resolve() : reject(error))
  })
  return { revision: 0, durable, settle }
}
