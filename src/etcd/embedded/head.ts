/**
 * A witness of how far the log was durable, written (but not synced) after each group. It tells a torn end, which is
 * the remains of a write that nobody was told about, from damage to what was acknowledged: a log that ends or breaks
 * before the head is damaged. After a loss of power the head may lag behind; it is never ahead.
 */
import { closeSync, constants, openSync, readSync, writeSync } from "node:fs"
import { join } from "node:path"
import { crc32 } from "node:zlib"
import { DamagedStoreError } from "./errors.ts"

export interface Position {
  /** The log file's number. */
  readonly file: number
  readonly byte: number
  /** The number of the last frame before this position. */
  readonly sequence: number
}

const headBytes = 28

export class Head {
  readonly #file: number
  readonly #buffer = Buffer.alloc(headBytes)

  constructor(directory: string) {
    this.#file = openSync(join(directory, "head"), constants.O_RDWR | constants.O_CREAT, 0o600)
  }

  /** Undefined if none was ever written. */
  read(directory: string): Position | undefined {
    const buffer = Buffer.alloc(headBytes)
    const length = readSync(this.#file, buffer, 0, headBytes, 0)
    if (buffer.every((byte) => byte === 0)) return undefined
    if (length < headBytes || buffer.readUInt32LE(24) !== crc32(buffer.subarray(0, 24)))
      throw new DamagedStoreError(join(directory, "head"), 0, "its checksum does not match")
    return { file: buffer.readDoubleLE(0), byte: buffer.readDoubleLE(8), sequence: buffer.readDoubleLE(16) }
  }

  write({ file, byte, sequence }: Position): void {
    this.#buffer.writeDoubleLE(file, 0)
    this.#buffer.writeDoubleLE(byte, 8)
    this.#buffer.writeDoubleLE(sequence, 16)
    this.#buffer.writeUInt32LE(crc32(this.#buffer.subarray(0, 24)), 24)
    writeSync(this.#file, this.#buffer, 0, headBytes, 0)
  }

  close(): void {
    closeSync(this.#file)
  }
}
