import { watch } from "node:fs"
import { type FileHandle, open, stat } from "node:fs/promises"
import type { Clock } from "../../../base/clock.ts"
import { LogFilter, parseLogLine } from "../../logs/log-line.ts"
import type { ContainerLogs, LogOptions, LogSource } from "../../node-host.ts"
import { type LogLimits, logSize, removeLog, rotateLog } from "./rotate-logs.ts"
import { tailOffset } from "./tail-offset.ts"

const chunkBytes = 64 << 10
/** How often a followed file is looked at when the system tells nothing. */
const lookAgainMs = 1000

/** Reads the files that the container runtime writes. */
export class RealContainerLogs implements ContainerLogs {
  readonly #clock: Clock

  readonly #limits: LogLimits

  constructor(clock: Clock, limits: LogLimits) {
    this.#clock = clock
    this.#limits = limits
  }

  async *read(log: LogSource, options: LogOptions, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const filter = new LogFilter(options)
    if (filter.isFull) return
    for await (const bytes of this.#lines(log, options, signal)) {
      const line = parseLogLine(bytes)
      if (!line) continue
      const out = filter.take(line)
      if (out.length > 0) yield out
      if (filter.isFull) return
    }
  }

  async tail(log: LogSource, maxLines: number, maxBytes: number): Promise<string> {
    const chunks: Uint8Array[] = []
    const options = { follow: false, timestamps: false, tailLines: maxLines }
    for await (const chunk of this.read(log, options, new AbortController().signal)) chunks.push(chunk)
    const text = Buffer.concat(chunks)
    return text.subarray(Math.max(0, text.length - maxBytes)).toString()
  }

  size(path: string): Promise<number> {
    return logSize(path)
  }

  async rotate(path: string, reopen: () => Promise<void>): Promise<void> {
    await rotateLog(path, { ...this.#limits, now: this.#clock.now(), reopen })
  }

  remove(path: string): Promise<void> {
    return removeLog(path)
  }

  /** Whole lines with their line feeds; when following, over a rotation of the file too. */
  async *#lines(log: LogSource, { follow, tailLines }: LogOptions, signal: AbortSignal) {
    let file = await open(log.path, "r")
    const changes = follow ? new FileChanges(log, this.#clock, signal) : undefined
    try {
      let position = tailLines === undefined ? 0 : await tailOffset(file, tailLines)
      let rest: Buffer = Buffer.alloc(0)
      for (;;) {
        if (signal.aborted) return
        // Asked before reading: what was written before the end is then surely seen.
        const ended = changes?.ended ?? true
        const chunk = await readAt(file, position)
        position += chunk.length
        rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
        for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
          yield rest.subarray(0, end + 1)
          rest = rest.subarray(end + 1)
        }
        if (chunk.length > 0) continue
        const replaced = follow ? await openIfReplaced(file, log.path) : undefined
        if (replaced) {
          await file.close()
          file = replaced
          position = 0
        } else if (ended) return
        else await changes!.next()
      }
    } finally {
      changes?.close()
      await file.close()
    }
  }
}

async function readAt(file: FileHandle, position: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(chunkBytes)
  const { bytesRead } = await file.read(buffer, 0, chunkBytes, position)
  return buffer.subarray(0, bytesRead)
}

/** The file now at `path`, if rotation has put another one there. */
async function openIfReplaced(file: FileHandle, path: string): Promise<FileHandle | undefined> {
  const [open_, current] = [await file.stat(), await stat(path).catch(() => undefined)]
  return current && current.ino !== open_.ino ? open(path, "r") : undefined
}

/** Tells a reader at the end of a file that it is worth looking again. */
class FileChanges {
  ended = false
  readonly #clock: Clock
  readonly #close: () => void
  #wake: () => void = () => {}
  #pending = false

  constructor({ path, ended }: LogSource, clock: Clock, signal: AbortSignal) {
    this.#clock = clock
    const look = () => {
      this.#pending = true
      this.#wake()
    }
    const watcher = watch(path, { persistent: false }, look)
    // A watcher that breaks (too many of them) leaves the timer.
    watcher.on("error", () => {})
    signal.addEventListener("abort", look)
    void ended.then(() => {
      this.ended = true
      look()
    })
    this.#close = () => {
      watcher.close()
      signal.removeEventListener("abort", look)
    }
  }

  async next(): Promise<void> {
    if (!this.#pending) {
      await new Promise<void>((resolve) => {
        const timer = this.#clock.after(lookAgainMs, resolve)
        this.#wake = () => {
          timer.cancel()
          resolve()
        }
      })
    }
    this.#pending = false
  }

  close(): void {
    this.#close()
  }
}
