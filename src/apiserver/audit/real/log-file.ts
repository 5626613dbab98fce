import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs"
import { basename, dirname, extname, join } from "node:path"
import type { Clock } from "../../../base/clock.ts"
import type { Logger } from "../../../base/log.ts"
import type { AuditEvent, AuditSink } from "../event.ts"
import { planRetention } from "./plan-retention.ts"

const megabyte = 1024 * 1024
/** What upstream's writer does when no size is given. */
const defaultMaxMegabytes = 100

export interface LogFileOptions {
  /** `--audit-log-path`; "-" is standard output. */
  readonly path: string
  /** `--audit-log-maxsize` in megabytes: a file that would become larger is put aside. @default 100 */
  readonly maxMegabytes?: number
  /** `--audit-log-maxage` in days; 0: old files are kept whatever their age. @default 0 */
  readonly maxAgeDays?: number
  /** `--audit-log-maxbackup`; 0: any number is kept. @default 0 */
  readonly maxBackups?: number
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Events as lines of JSON in a file that only its owner can read. What one turn of the event loop writes goes out in one
 * call at its end, so an event is with the operating system a moment after it happened.
 */
export function auditLogFile(options: LogFileOptions): AuditSink {
  const file = options.path === "-" ? standardOutput : new RotatingFile(options)
  let waiting: string[] = []
  const flush = () => {
    const lines = waiting.join("")
    waiting = []
    if (lines === "") return
    try {
      file.append(lines)
    } catch (error) {
      options.log.error("audit events could not be written", { error: String(error) })
    }
  }
  return {
    write(event: AuditEvent) {
      if (waiting.length === 0) options.clock.soon(flush)
      waiting.push(`${JSON.stringify(event)}\n`)
    },
    async close() {
      flush()
      file.close()
    },
  }
}

const standardOutput = {
  append: (lines: string) => void process.stdout.write(lines),
  close() {},
}

class RotatingFile {
  readonly #options: LogFileOptions
  #descriptor: number
  #size: number

  constructor(options: LogFileOptions) {
    this.#options = options
    mkdirSync(dirname(options.path), { recursive: true, mode: 0o700 })
    this.#descriptor = openSync(options.path, "a", 0o600)
    this.#size = fstatSync(this.#descriptor).size
  }

  append(lines: string): void {
    const bytes = Buffer.from(lines)
    const limit = (this.#options.maxMegabytes || defaultMaxMegabytes) * megabyte
    if (this.#size > 0 && this.#size + bytes.length > limit) this.#rotate()
    writeSync(this.#descriptor, bytes)
    this.#size += bytes.length
  }

  close(): void {
    closeSync(this.#descriptor)
  }

  /** "audit.log" becomes "audit-2026-01-02T03-04-05.678.log", and too many or too old ones of that form go. */
  #rotate(): void {
    const { path, clock, maxBackups = 0, maxAgeDays = 0 } = this.#options
    const ending = extname(path)
    const stem = basename(path, ending)
    const directory = dirname(path)
    const time = new Date(clock.now()).toISOString().slice(0, -1).replaceAll(":", "-")
    closeSync(this.#descriptor)
    renameSync(path, join(directory, `${stem}-${time}${ending}`))
    this.#descriptor = openSync(path, "a", 0o600)
    this.#size = 0
    const backups = readdirSync(directory)
    for (const name of planRetention(backups, { stem, ending, maxBackups, maxAgeDays, nowMs: clock.now() }))
      rmSync(join(directory, name), { force: true })
  }
}
