import { constants } from "node:fs"
import { type FileHandle, open } from "node:fs/promises"
import { relative } from "node:path"
import { openSteps } from "./open-steps.ts"

const maxLineBytes = 64 * 1024

/**
 * The lines of a file in a volume, at a path without links. Pods write there while it is read: links that come meanwhile are not followed, what is no
 * file is not waited for, and a line may have 64 KiB, however long the file is. Throws when it cannot be read.
 */
export async function* readLines(root: string, path: string): AsyncGenerator<string> {
  const pointer = await openSteps(root, relative(root, path).split("/").filter(Boolean))
  let file: FileHandle
  try {
    if (!(await pointer.stat()).isFile()) throw new Error(`${path} is no file`)
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
