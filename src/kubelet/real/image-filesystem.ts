import { stat } from "node:fs/promises"
import type { ImageService } from "../../container-runtime/cri.ts"

/**
 * Where the runtime keeps images and containers' layers; undefined where that is the file system that `directory` lies on, or
 * where it cannot be seen from here.
 */
export async function findImageDirectory(
  images: Pick<ImageService, "filesystemInfo">,
  directory: string,
): Promise<string | undefined> {
  const [filesystem] = await images.filesystemInfo().catch(() => [])
  if (!filesystem) return undefined
  const [theirs, ours] = await Promise.all([deviceOf(filesystem.mountpoint), deviceOf(directory)])
  return theirs === undefined || theirs === ours ? undefined : filesystem.mountpoint
}

async function deviceOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.dev
}
