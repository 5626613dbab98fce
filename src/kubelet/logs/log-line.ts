/**
 * A line as container runtimes write it to disk:
 * `2026-01-02T03:04:05.123456789Z stdout F the text`. P instead of F marks a part of a longer line.
 * (https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md)
 */
export interface LogLine {
  readonly timestamp: string
  readonly stream: "stdout" | "stderr"
  readonly isPartial: boolean
  /** With its line feed, unless it is partial. */
  readonly text: Uint8Array
}

const space = 0x20
const lineFeed = 0x0a
const partial = 0x50
const decoder = new TextDecoder("latin1")

/** Undefined for what is no such line. `bytes` ends with its line feed. */
export function parseLogLine(bytes: Uint8Array): LogLine | undefined {
  const afterTime = bytes.indexOf(space)
  const afterStream = bytes.indexOf(space, afterTime + 1)
  const afterTag = bytes.indexOf(space, afterStream + 1)
  if (afterTime < 0 || afterStream < 0 || afterTag < 0) return undefined
  const stream = decoder.decode(bytes.subarray(afterTime + 1, afterStream))
  if (stream !== "stdout" && stream !== "stderr") return undefined
  const isPartial = bytes[afterStream + 1] === partial
  const end = isPartial && bytes.at(-1) === lineFeed ? bytes.length - 1 : bytes.length
  return {
    timestamp: decoder.decode(bytes.subarray(0, afterTime)),
    stream,
    isPartial,
    text: bytes.subarray(afterTag + 1, end),
  }
}

export interface LogFilterOptions {
  readonly timestamps: boolean
  readonly sinceMs?: number
  readonly limitBytes?: number
  readonly stream?: "stdout" | "stderr"
}

/** Turns lines of a file into what the reader asked for; `take` gives undefined when the limit is reached. */
export class LogFilter {
  readonly #options: LogFilterOptions
  #left: number
  #inLine = false

  constructor(options: LogFilterOptions) {
    this.#options = options
    this.#left = options.limitBytes ?? Number.POSITIVE_INFINITY
  }

  get isFull(): boolean {
    return this.#left <= 0
  }

  /** What to write for this line; empty if it is left out. */
  take(line: LogLine): Uint8Array {
    const { timestamps, sinceMs, stream } = this.#options
    if (stream && line.stream !== stream) return nothing
    if (sinceMs !== undefined && Date.parse(line.timestamp) < sinceMs) return nothing
    const prefix = timestamps && !this.#inLine ? encoder.encode(`${line.timestamp} `) : nothing
    this.#inLine = line.isPartial
    const whole = new Uint8Array(prefix.length + line.text.length)
    whole.set(prefix)
    whole.set(line.text, prefix.length)
    const cut = whole.subarray(0, Math.min(whole.length, this.#left))
    this.#left -= cut.length
    return cut
  }
}

const nothing = new Uint8Array()
const encoder = new TextEncoder()
