import { rename, writeFile } from "node:fs/promises"

/**
 * Writes a file as a whole: whoever reads it, even after a crash in between, finds what was there before or the new text,
 * never a part. Its directory must be there; one writer at a time.
 *
 * @param mode of the file. @default 0o666 less the umask
 */
export async function replaceFile(path: string, text: string, mode = 0o666): Promise<void> {
  const temporary = `${path}.tmp`
  await writeFile(temporary, text, { mode })
  await rename(temporary, path)
}
