import { chmod, mkdir, rm } from "node:fs/promises"
import { dirname, join, resolve } from "node:path"
import type { VolumeDirectories } from "../volume-directories.ts"

/** Directories below `root`. Nothing outside of it is ever touched. */
export function createVolumeDirectories(root: string): VolumeDirectories {
  return {
    async create(name) {
      const path = join(root, name)
      if (dirname(path) !== resolve(root)) throw new Error(`not a name for a directory: ${name}`)
      await mkdir(path, { recursive: true })
      await chmod(path, 0o777)
      return path
    },
    async remove(path) {
      if (dirname(resolve(path)) !== resolve(root)) throw new Error(`not one of this node's volumes: ${path}`)
      await rm(path, { recursive: true, force: true })
    },
  }
}
