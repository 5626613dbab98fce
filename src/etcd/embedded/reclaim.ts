/**
 * Giving disk space back. When compaction has put enough of the log out of reach, what it amounts to is written as a new
 * base and the files are removed. Since that waits until as much can be removed as the old base holds, everything is
 * rewritten once for each time it was written, whatever its size.
 */
import { unlink } from "node:fs/promises"
import type { Clock } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import type { State } from "../mvcc/state.ts"
import { writeBase } from "./base-file.ts"
import { pathOf } from "./files.ts"
import type { LogJournal } from "./log-journal.ts"

export interface Base {
  readonly number: number
  readonly sizeBytes: number
}

export interface ReclaimerOptions {
  readonly directory: string
  readonly clock: Clock
  readonly log: Logger
  readonly journal: LogJournal
  readonly base: Base | undefined
  /** Less is not worth a new base. */
  readonly minimumBytes: number
  /** A copy of the store's state that nobody changes. */
  readonly fork: () => State
}

export class Reclaimer {
  readonly #options: ReclaimerOptions
  #base: Base | undefined
  #running: Promise<void> | undefined

  constructor(options: ReclaimerOptions) {
    this.#options = options
    this.#base = options.base
  }

  get baseBytes(): number {
    return this.#base?.sizeBytes ?? 0
  }

  /** Looks whether it is time, and if so works in the background. */
  consider(compactRevision: number): void {
    const { minimumBytes } = this.#options
    const bytes = this.#reclaimable(compactRevision).reduce((sum, file) => sum + file.sizeBytes, 0)
    if (bytes >= Math.max(minimumBytes, this.baseBytes)) this.#start()
  }

  /** Gives back everything that can be given back now. */
  async reclaim(): Promise<void> {
    await this.#running
    this.#start()
    await this.#running
  }

  /** Resolves when nothing is being written any more. */
  async idle(): Promise<void> {
    await this.#running
  }

  #start(): void {
    if (this.#running !== undefined) return
    this.#running = this.#rewrite()
      .catch((error: unknown) => {
        // The log still has everything: only space is lost, until the next attempt.
        this.#options.log.error("cannot write a new base for the store", { error })
      })
      .finally(() => {
        this.#running = undefined
      })
  }

  #reclaimable(compactRevision: number) {
    const { files } = this.#options.journal
    const firstKept = files.findIndex((file) => file.lastRevision >= compactRevision)
    // The last file is being written to.
    return files.slice(0, firstKept === -1 ? files.length - 1 : Math.min(firstKept, files.length - 1))
  }

  async #rewrite(): Promise<void> {
    const { directory, clock, log, journal } = this.#options
    const state = this.#options.fork()
    const revision = state.compactRevision
    const removable = this.#reclaimable(revision)
    const firstKept = journal.files[removable.length]
    if (removable.length === 0 || firstKept === undefined) return
    const { number, firstSequence: nextSequence } = firstKept
    const path = pathOf(directory, "base", number)
    const sizeBytes = await writeBase(path, { state, revision, nextSequence }, clock)
    const old = this.#base
    this.#base = { number, sizeBytes }
    for (const file of journal.forgetFilesBefore(number)) await unlink(pathOf(directory, "log", file.number))
    if (old !== undefined) await unlink(pathOf(directory, "base", old.number))
    log.debug("wrote a new base for the store", { revision, sizeBytes, removedFiles: removable.length })
  }
}
