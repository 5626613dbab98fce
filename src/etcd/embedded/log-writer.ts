/**
 * The end of the log. One write per group, to a file opened for synchronous data (O_DSYNC): it returns when the data is
 * on disk, one trip to the kernel instead of two. Space is taken in advance by writing zeros behind the group, now and
 * then: a write into space that the file already has need not change the file's length, which costs the file system a
 * commit of its own: a third of the time of a small write, and much more while another file is being written.
 */
import {
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  ftruncateSync,
  openSync,
  writeSync,
  writev,
} from "node:fs"
import { type FileKind, magicBytes, magicOf, pathOf, syncDirectory } from "./files.ts"
import type { Position } from "./head.ts"

const spaceBytes = 256 * 1024
const zeros = Buffer.alloc(spaceBytes)

const kind: FileKind = "log"

export class LogWriter {
  readonly #directory: string
  readonly #fileLimitBytes: number
  #file: number
  #number: number
  #position: number
  /** Up to here the file has its space. */
  #space: number

  /**
   * @param at where the log ends; without, a new log starts as file 1
   * @param fileLimitBytes when to go on in a new file
   * @param startsNewFile instead of going on in the one where the log ends
   */
  constructor(directory: string, at: Position | undefined, fileLimitBytes: number, startsNewFile = false) {
    this.#directory = directory
    this.#fileLimitBytes = fileLimitBytes
    this.#number = at?.file ?? 1
    this.#position = at?.byte ?? magicBytes
    this.#space = this.#position
    this.#file = at === undefined ? this.#create() : this.#reopen(at)
    if (startsNewFile) this.#roll()
  }

  /** The current file's number. */
  get number(): number {
    return this.#number
  }

  get position(): number {
    return this.#position
  }

  /** Resolves when `frame` is durable. One at a time. */
  async write(frame: Buffer): Promise<void> {
    if (this.#position > magicBytes && this.#position + frame.length > this.#fileLimitBytes) this.#roll()
    const end = this.#position + frame.length
    const extra = end > this.#space ? spaceBytes - (end % spaceBytes) : 0
    await writeDurably(this.#file, frame, zeros.subarray(0, extra), this.#position)
    this.#position = end
    this.#space = Math.max(this.#space, end + extra)
  }

  close(): void {
    ftruncateSync(this.#file, this.#position)
    closeSync(this.#file)
  }

  #roll(): void {
    this.close()
    this.#number++
    this.#position = magicBytes
    this.#space = magicBytes
    this.#file = this.#create()
  }

  #create(): number {
    const file = openLog(pathOf(this.#directory, kind, this.#number), constants.O_CREAT | constants.O_EXCL)
    writeSync(file, magicOf(kind))
    fdatasyncSync(file)
    syncDirectory(this.#directory)
    return file
  }

  // What follows the end is the torn remains of a write that was never acknowledged. What comes before it may have been
  // written but not yet been made durable when the process ended, and will now be shown to readers.
  #reopen(at: Position): number {
    const file = openLog(pathOf(this.#directory, kind, at.file), 0)
    ftruncateSync(file, at.byte)
    fdatasyncSync(file)
    return file
  }
}

// Undefined where the system has no such flag.
const synchronous: number | undefined = constants.O_DSYNC

function openLog(path: string, flags: number): number {
  return openSync(path, constants.O_RDWR | (synchronous ?? 0) | flags, 0o600)
}

function writeDurably(file: number, frame: Buffer, space: Buffer, position: number): Promise<void> {
  return new Promise((resolve, reject) => {
    writev(file, [frame, space], position, (error, written) => {
      if (error !== null) reject(error)
      // A disk that is nearly full takes part of it: the space can wait, the rest of the frame cannot.
      else if (written < frame.length)
        writeDurably(file, frame.subarray(written), zeros.subarray(0, 0), position + written).then(
          resolve,
          reject,
        )
      else if (synchronous !== undefined) resolve()
      else fdatasync(file, (failure) => (failure === null ? resolve() : reject(failure)))
    })
  })
}
