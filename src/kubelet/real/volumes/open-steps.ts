import { constants } from "node:fs"
import { type FileHandle, open } from "node:fs/promises"

// O_PATH, which Node.js does not name: the file is only pointed at, not opened.
const oPath = 0o10000000
const pointAt = constants.O_NOFOLLOW | oPath

/**
 * Points at what is below a directory by these names, each opened from the one before: no link is followed, whoever puts
 * one there meanwhile. The caller closes the handle, which serves by `/proc/self/fd/N`.
 */
export async function openSteps(root: string, steps: readonly string[]): Promise<FileHandle> {
  let handle = await open(root, pointAt | constants.O_DIRECTORY)
  try {
    for (const step of steps) {
      const next = await open(`/proc/self/fd/${handle.fd}/${step}`, pointAt)
      await handle.close()
      handle = next
    }
    return handle
  } catch (error) {
    await handle.close()
    throw error
  }
}
