/**
 * What lies in a store's directory:
 *
 *     log-00000007    groups of records, in order; the highest number is being written to
 *     base-00000005   everything as of one revision, so that logs before number 5 are not needed any more
 *     head            how far the log was acknowledged, at least (see head.ts)
 *     lock.*          who has the directory (see directory-lock.ts)
 */
import { closeSync, fsyncSync, openSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { StoreFormatError } from "./errors.ts"

export type FileKind = "log" | "base"

/** 16 bytes at the start of each file: what it is, and the version of its format. */
const magics: Readonly<Record<FileKind, string>> = {
  log: "coracle log  02\n",
  base: "coracle base 02\n",
}
/** Read as well, never written: 01 had no records of alarms. Compaction replaces such files as it does all others. */
const olderVersions = ["01"]
export const magicBytes = 16

export function magicOf(kind: FileKind): Buffer {
  return Buffer.from(magics[kind], "latin1")
}

/** Which format `start` is of. Throws StoreFormatError if a program of another time wrote it. */
export function formatOf(kind: FileKind, start: Buffer, file: string): "current" | "older" | "none" {
  const text = start.toString("latin1", 0, magicBytes)
  if (text === magics[kind]) return "current"
  if (text.slice(0, 13) !== magics[kind].slice(0, 13) || !text.endsWith("\n")) return "none"
  const version = text.slice(13).trim()
  if (olderVersions.includes(version)) return "older"
  throw new StoreFormatError(
    `${file} has format version ${version}, which this program does not know: it writes 02 and reads ${olderVersions.join(", ")}. Use the program that wrote it.`,
  )
}

export function fileName(kind: FileKind, number: number): string {
  return `${kind}-${String(number).padStart(8, "0")}`
}

/** The numbers of the directory's files of one kind, ascending. */
export function listFiles(directory: string, kind: FileKind): number[] {
  const pattern = new RegExp(`^${kind}-(\\d{8,})$`)
  const numbers: number[] = []
  for (const name of readdirSync(directory)) {
    const match = pattern.exec(name)
    if (match !== null) numbers.push(Number(match[1]))
  }
  return numbers.sort((a, b) => a - b)
}

/** Makes creations, renames and removals in the directory durable. */
export function syncDirectory(directory: string): void {
  const handle = openSync(directory, "r")
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

export function pathOf(directory: string, kind: FileKind, number: number): string {
  return join(directory, fileName(kind, number))
}
