import { mkdir, readFile } from "node:fs/promises"
import { dirname } from "node:path"
import { replaceFile } from "../../base/real/replace-file.ts"
import { sha256 } from "./kubelet-paths.ts"

/** Writes down, as a whole, what the next kubelet has to know. */
export async function writeCheckpoint(path: string, value: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o750 })
  const data = JSON.stringify(value)
  await replaceFile(path, JSON.stringify({ data, checksum: sha256(data) }), 0o600)
}

/** Undefined where none was written. Throws when what was written cannot be believed. */
export async function readCheckpoint<T>(path: string): Promise<T | undefined> {
  const text = await readFile(path, "utf8").catch(() => undefined)
  if (text === undefined) return undefined
  const { data, checksum } = JSON.parse(text) as { data: string; checksum: string }
  if (sha256(data) !== checksum) throw new Error("checkpoint is corrupted")
  return JSON.parse(data) as T
}
