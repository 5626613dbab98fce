import { createReadStream, createWriteStream } from "node:fs"
import { readdir, rename, rm, stat } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { pipeline } from "node:stream/promises"
import { createGzip } from "node:zlib"

export interface LogLimits {
  readonly maxBytes: number
  /** Of one container, the one being written included. */
  readonly maxFiles: number
}

export interface RotationOptions extends LogLimits {
  readonly now: number
  /** Makes the runtime write to a new file. */
  readonly reopen: () => Promise<void>
}

/**
 * Puts a log aside once it is too big: `0.log` becomes `0.log.20260102-030405`, older ones are compressed, the oldest
 * removed. The newest of those put aside stays as it is: someone may still be reading it.
 */
export async function rotateLog(
  path: string,
  { maxBytes, maxFiles, now, reopen }: RotationOptions,
): Promise<boolean> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  )
  if (size < maxBytes) return false
  const rotated = (await rotatedFiles(path)).filter((name) => !name.endsWith(".tmp"))
  for (const old of rotated.slice(0, Math.max(0, rotated.length - (maxFiles - 2))))
    await rm(old, { force: true })
  for (const name of rotated.slice(Math.max(0, rotated.length - (maxFiles - 2))))
    if (!name.endsWith(".gz")) await compress(name)
  const time = new Date(now).toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "-")
  await rename(path, `${path}.${time}`)
  try {
    await reopen()
  } catch (error) {
    await rename(`${path}.${time}`, path)
    throw error
  }
  return true
}

/** A container's log and everything that was put aside of it. */
export async function removeLog(path: string): Promise<void> {
  for (const name of [path, ...(await rotatedFiles(path))]) await rm(name, { force: true })
}

/** The oldest first: their names are times. */
async function rotatedFiles(path: string): Promise<string[]> {
  const names = await readdir(dirname(path)).catch(() => [])
  const prefix = `${basename(path)}.`
  return names
    .filter((name) => name.startsWith(prefix))
    .sort()
    .map((name) => join(dirname(path), name))
}

async function compress(path: string): Promise<void> {
  await pipeline(createReadStream(path), createGzip(), createWriteStream(`${path}.tmp`))
  await rename(`${path}.tmp`, `${path}.gz`)
  await rm(path)
}

/** How many bytes a log takes, with what was put aside of it. */
export async function logSize(path: string): Promise<number> {
  let bytes = 0
  for (const name of await readdir(dirname(path)).catch(() => []))
    if (name.startsWith(basename(path)))
      bytes += await stat(join(dirname(path), name)).then(
        ({ size }) => size,
        () => 0,
      )
  return bytes
}
