import type { FileHandle } from "node:fs/promises"

const chunkBytes = 64 << 10
const lineFeed = 10

/** Where the last `lines` lines of a file begin, found from its end. */
export async function tailOffset(file: FileHandle, lines: number): Promise<number> {
  const { size } = await file.stat()
  if (lines <= 0) return size
  const buffer = Buffer.allocUnsafe(chunkBytes)
  let found = 0
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - chunkBytes)
    const { bytesRead } = await file.read(buffer, 0, end - start, start)
    for (let index = bytesRead - 1; index >= 0; index--) {
      // The feed at the very end closes the last line; each one before it separates two.
      if (buffer[index] !== lineFeed || start + index === size - 1) continue
      if (++found === lines) return start + index + 1
    }
    end = start
  }
  return 0
}
