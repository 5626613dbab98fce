import { closeSync, constants, openSync } from "node:fs"
import { dirname, relative } from "node:path"

/** So much of a path fits into the address of a socket. */
const maxBytes = 107

export interface ReachableSocket {
  /** The same socket by a path that fits. */
  readonly path: string
  /** To be called when nobody connects to the path or listens there any more. */
  release(): void
}

/**
 * A way to a socket whatever the length of its path: what does not fit begins at a directory that is kept open. That is the
 * farthest one up, since those further down may be made anew. Where there is no such way the path stays as it is.
 */
export function reachableSocket(path: string): ReachableSocket {
  if (Buffer.byteLength(path) <= maxBytes || process.platform !== "linux") return { path, release() {} }
  const opened = openFarthest(path)
  if (!opened) return { path, release() {} }
  let isOpen = true
  return {
    path: opened.path,
    release() {
      if (isOpen) closeSync(opened.descriptor)
      isOpen = false
    },
  }
}

function openFarthest(path: string): { descriptor: number; path: string } | undefined {
  const longest = maxBytes - Buffer.byteLength(viaDescriptor(99_999, ""))
  const fitting = ancestors(path).filter((each) => Buffer.byteLength(relative(each, path)) <= longest)
  const farthest = fitting.at(-1)
  if (farthest === undefined) return undefined
  try {
    const descriptor = openSync(farthest, constants.O_RDONLY | constants.O_DIRECTORY)
    return { descriptor, path: viaDescriptor(descriptor, relative(farthest, path)) }
  } catch {
    // It is not there: so says whoever tries the path itself.
    return undefined
  }
}

function viaDescriptor(descriptor: number, rest: string): string {
  return `/proc/self/fd/${descriptor}/${rest}`
}

/** The nearest first. */
function ancestors(path: string): string[] {
  const parent = dirname(path)
  return parent === path ? [] : [parent, ...ancestors(parent)]
}
