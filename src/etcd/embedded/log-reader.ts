import { closeSync, fstatSync, openSync, readSync } from "node:fs"
import { DamagedStoreError } from "./errors.ts"
import { type FileKind, formatOf, magicBytes } from "./files.ts"
import { type Frame, frameHeaderBytes, type FrameResult, hasFrameAfter, readFrame } from "./frame.ts"

/** How a file's frames end: at `byte`, followed by nothing but zeros, or by something that is no whole frame. */
export interface FileEnd {
  readonly byte: number
  readonly sizeBytes: number
  readonly isOldFormat: boolean
  readonly broken?: string
}

const chunkBytes = 1 << 20

/**
 * Reads a file's frames in order. Their contents are views of large buffers, which live as long as any view does.
 *
 * @param visit a RangeError it throws counts as damage at the frame it was given
 */
export function readFrames(path: string, kind: FileKind, visit: (frame: Frame) => void): FileEnd {
  const window = new FileWindow(path)
  const { sizeBytes } = window
  try {
    const format = formatOf(kind, window.at(0, magicBytes), path)
    const isOldFormat = format === "older"
    if (format === "none")
      return { byte: 0, sizeBytes, isOldFormat, broken: "it does not start as such a file does" }
    for (let byte = magicBytes; ; ) {
      const result = readFrameAt(window, byte)
      if (result.is === "frame") {
        visitChecked(visit, result.frame, path, byte)
        byte += result.lengthBytes
      } else if (result.is === "nothing") {
        const rest = window.at(byte, sizeBytes - byte)
        return rest.equals(Buffer.alloc(rest.length))
          ? { byte, sizeBytes, isOldFormat }
          : { byte, sizeBytes, isOldFormat, broken: "no frame starts here" }
      } else {
        const broken = result.is === "broken" ? result.why : "the file ends within a frame"
        return { byte, sizeBytes, isOldFormat, broken }
      }
    }
  } finally {
    window.close()
  }
}

function readFrameAt(window: FileWindow, byte: number): FrameResult {
  const bytes = window.at(byte, frameHeaderBytes)
  const result = readFrame(bytes, 0)
  if (result.is !== "incomplete") return result
  return readFrame(window.at(byte, bytes.length + result.missingBytes), 0)
}

/** Whether a whole frame stands anywhere after `byte`. */
export function hasFramesAfter(path: string, byte: number): boolean {
  const window = new FileWindow(path)
  try {
    return hasFrameAfter(window.at(byte, window.sizeBytes - byte), 1)
  } finally {
    window.close()
  }
}

function visitChecked(visit: (frame: Frame) => void, frame: Frame, path: string, byte: number): void {
  try {
    visit(frame)
  } catch (error) {
    if (error instanceof RangeError) throw new DamagedStoreError(path, byte, error.message)
    throw error
  }
}

/** A file, of which one stretch at a time is in memory. */
class FileWindow {
  readonly sizeBytes: number
  readonly #file: number
  #start = 0
  #bytes = Buffer.alloc(0)

  constructor(path: string) {
    this.#file = openSync(path, "r")
    this.sizeBytes = fstatSync(this.#file).size
  }

  /** The bytes from `position` on: at least `length` of them, where the file has so many. */
  at(position: number, length: number): Buffer {
    const end = Math.min(position + length, this.sizeBytes)
    if (position < this.#start || end > this.#start + this.#bytes.length) this.#load(position, end - position)
    return this.#bytes.subarray(position - this.#start)
  }

  close(): void {
    closeSync(this.#file)
  }

  #load(position: number, length: number): void {
    const wanted = Math.min(Math.max(length, chunkBytes), this.sizeBytes - position)
    const buffer = Buffer.allocUnsafeSlow(wanted)
    let done = 0
    while (done < wanted) {
      const count = readSync(this.#file, buffer, done, wanted - done, position + done)
      if (count === 0) break
      done += count
    }
    this.#start = position
    this.#bytes = buffer.subarray(0, done)
  }
}
