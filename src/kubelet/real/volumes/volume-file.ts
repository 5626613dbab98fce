import { constants } from "node:fs"
import { type FileHandle, open, readlink } from "node:fs/promises"
import { join } from "node:path"
import { openSteps } from "./open-steps.ts"

const maxLinks = 255
const maxLineBytes = 64 * 1024

/**
 * Where a path leads in a volume if the volume is all there is: absolute links begin at its root, and `..` does not lead above
 * it. What is not there counts as no link.
 */
export async function resolveInVolume(root: string, path: string): Promise<readonly string[]> {
  const coming = path.split("/")
  const steps: string[] = []
  let links = 0
  for (let step = coming.shift(); step !== undefined; step = coming.shift()) {
    if (step === "..") steps.pop()
    if (step === "" || step === "." || step === "..") continue
    const target = await readlink(join(root, ...steps, step)).catch(() => undefined)
    if (target === undefined) {
      steps.push(step)
      continue
    }
    if (++links > maxLinks) throw new Error(`too many links in ${path}`)
    if (target.startsWith("/")) steps.length = 0
    coming.unshift(...target.split("/"))
  }
  return steps
}

/**
 * The lines of a file in a volume. Pods write there while it is read: links that come meanwhile are not followed, what is no
 * file is not waited for, and a line may have 64 KiB, however long the file is. Throws when it cannot be read.
 */
export async function* readLines(root: string, steps: readonly string[]): AsyncGenerator<string> {
  const pointer = await openSteps(root, steps)
  let file: FileHandle
  try {
    if (!(await pointer.stat()).isFile()) throw new Error(`${join(root, ...steps)} is no file`)
    file = await open(`/proc/self/fd/${pointer.fd}`, constants.O_RDONLY | constants.O_NONBLOCK)
  } finally {
    await pointer.close()
  }
  try {
    yield* splitLines(file.createReadStream({ autoClose: false }))
  } finally {
    await file.close()
  }
}

async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of chunks) {
    rest = Buffer.concat([rest, chunk])
    for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
      yield textOf(rest.subarray(0, end))
      rest = rest.subarray(end + 1)
    }
    refuseLong(rest)
  }
  if (rest.length > 0) yield textOf(rest)
}

function textOf(line: Buffer): string {
  refuseLong(line)
  return line.toString("utf8").replace(/\r$/, "")
}

function refuseLong({ length }: Buffer): void {
  if (length >= maxLineBytes) throw new Error("token too long")
}
