/**
 * Opening: the base, then every frame of the log after it, in sequence. A frame counts as a whole or not at all. What
 * may be missing is the end of the last file, if nobody was told that it was written; anything else is damage.
 */
import { readdirSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import type { Clock } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import type { JournalRecord } from "../mvcc/journal.ts"
import type { State } from "../mvcc/state.ts"
import { readBase } from "./base-file.ts"
import { DamagedStoreError } from "./errors.ts"
import { fileName, listFiles, magicBytes, pathOf } from "./files.ts"
import type { Frame } from "./frame.ts"
import type { Position } from "./head.ts"
import type { History } from "./history.ts"
import type { LogFile } from "./log-journal.ts"
import { type FileEnd, hasFramesAfter, readFrames } from "./log-reader.ts"
import { readRecords, type StoredRecord } from "./record-codec.ts"

export interface RecoverOptions {
  readonly directory: string
  readonly clock: Clock
  readonly log: Logger
  /** Empty; receives everything. */
  readonly state: State
  readonly history: History
  /** How far the log was acknowledged at least. */
  readonly head: Position | undefined
}

export interface Recovered {
  /** Where the log goes on; undefined: there is none yet. */
  readonly end: Position | undefined
  /** The last file is of an older format: it is read, but what comes next stands in a new one. */
  readonly endIsOld: boolean
  readonly files: readonly LogFile[]
  readonly writtenBytes: number
  readonly base: { readonly number: number; readonly sizeBytes: number } | undefined
}

export function recover(options: RecoverOptions): Recovered {
  const { directory, state, clock, head } = options
  const bases = listFiles(directory, "base")
  const baseNumber = bases.at(-1)
  const base =
    baseNumber === undefined ? undefined : readBase(pathOf(directory, "base", baseNumber), state, clock)
  const replay = new Replay(options, base?.nextSequence ?? 1)
  const numbers = existingLogs(directory, baseNumber ?? 1, head)
  const baseFile = base && { number: baseNumber!, sizeBytes: base.sizeBytes }
  const last = numbers.at(-1)
  if (last === undefined)
    return { end: undefined, endIsOld: false, files: [], writtenBytes: 0, base: baseFile }

  let endOfLast = 0
  let endIsOld = false
  const files = numbers.map((number): LogFile => {
    const firstSequence = replay.nextSequence
    const path = pathOf(directory, "log", number)
    const end = readFrames(path, "log", (frame) => replay.frame(frame))
    if (number === last) checkEnd(options, path, number, end)
    else if (end.broken !== undefined) throw new DamagedStoreError(path, end.byte, end.broken)
    endOfLast = end.byte
    endIsOld = end.isOldFormat
    return { number, firstSequence, lastRevision: state.revision, sizeBytes: end.byte }
  })
  while (state.prune(10_000));
  removeLeftovers(directory, baseNumber ?? 1)
  return {
    end: { file: last, byte: endOfLast, sequence: replay.nextSequence - 1 },
    endIsOld,
    files,
    writtenBytes: replay.writtenBytes,
    base: baseFile,
  }
}

/** The log files from `first` on, all of which must be there. */
function existingLogs(directory: string, first: number, head: Position | undefined): number[] {
  const numbers = listFiles(directory, "log").filter((number) => number >= first)
  const newest = numbers.at(-1)
  // Created, but the process ended before anything, even its first bytes, was surely in it.
  if (newest !== undefined && (head?.file ?? 0) < newest && sizeOf(directory, newest) < magicBytes) {
    rmSync(pathOf(directory, "log", newest))
    numbers.pop()
  }
  const missing = numbers.findIndex((number, index) => number !== first + index)
  const expected = missing === -1 ? first + numbers.length : first + missing
  const needed = missing !== -1 || expected <= (head?.file ?? 0) || (numbers.length === 0 && first > 1)
  if (needed)
    throw new DamagedStoreError(join(directory, fileName("log", expected)), 0, "the file is missing")
  return numbers
}

function checkEnd({ head, log }: RecoverOptions, path: string, number: number, end: FileEnd): void {
  const acknowledged = head?.file === number ? head.byte : 0
  if (end.byte < acknowledged)
    throw new DamagedStoreError(
      path,
      end.byte,
      end.broken ?? `the log goes on to byte ${acknowledged}, but not here`,
    )
  if (end.broken === undefined) return
  if (hasFramesAfter(path, end.byte)) throw new DamagedStoreError(path, end.byte, end.broken)
  log.warn("the end of the log was not written completely and never acknowledged; it is dropped", {
    file: path,
    byte: end.byte,
    bytes: end.sizeBytes - end.byte,
  })
}

class Replay {
  readonly #state: State
  readonly #clock: Clock
  readonly #history: History
  readonly #baseRevision: number
  nextSequence: number
  writtenBytes = 0

  constructor({ state, clock, history }: RecoverOptions, nextSequence: number) {
    this.#state = state
    this.#clock = clock
    this.#history = history
    this.#baseRevision = state.revision
    this.nextSequence = nextSequence
  }

  frame({ sequence, timeMs, content }: Frame): void {
    if (sequence !== this.nextSequence)
      throw new RangeError(`frame ${sequence} stands where ${this.nextSequence} was due`)
    this.nextSequence++
    readRecords(content, (record) => this.#record(record))
    this.writtenBytes += content.length
    this.#history.add({ timeMs, revision: this.#state.revision, writtenBytes: this.writtenBytes })
  }

  // The base knows the leases as of when it was written, which is later than its revision: a lease may come or go here
  // for a second time.
  #record(record: StoredRecord): void {
    const { leases } = this.#state
    switch (record.type) {
      case "events":
        this.#events(record)
        if (record.revokedLease !== undefined && leases.find(record.revokedLease) !== undefined)
          leases.delete(record.revokedLease)
        return
      case "grant": {
        const { id, ttlSeconds } = record
        leases.set({ id, ttlSeconds, expiresAtMs: this.#clock.monotonic() + ttlSeconds * 1000 })
        return
      }
      case "compact":
        if (record.revision > this.#state.compactRevision) this.#state.compact(record.revision)
        return
      case "alarm":
        this.#state.alarm = record.raised
        return
      default:
        throw new RangeError(`a record of type ${record.type} has no place in a log`)
    }
  }

  #events({ revision, events }: Extract<JournalRecord, { type: "events" }>): void {
    const state = this.#state
    if (events.length === 0 || revision < this.#baseRevision) return
    if (revision === this.#baseRevision) return state.remember(events)
    if (revision !== state.revision + 1)
      throw new RangeError(`revision ${revision} stands where ${state.revision + 1} was due`)
    for (const event of events) state.apply(event)
    state.commit(events)
  }
}

/** What a crash between writing a base and tidying up has left. */
function removeLeftovers(directory: string, first: number): void {
  for (const name of readdirSync(directory)) if (name.endsWith(".tmp")) rmSync(join(directory, name))
  for (const kind of ["log", "base"] as const)
    for (const number of listFiles(directory, kind))
      if (number < first) rmSync(pathOf(directory, kind, number))
}

function sizeOf(directory: string, number: number): number {
  return statSync(pathOf(directory, "log", number)).size
}
