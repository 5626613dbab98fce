import { lstat, readlink } from "node:fs/promises"
import { join } from "node:path"

const maxLinks = 255

/**
 * The path on this machine of what a process whose root is `root` would find at `path`: links are followed, absolute ones
 * and ".." never lead out of `root`. What is not there is taken as it is written. For trees that nobody changes meanwhile.
 */
export async function resolveInRoot(root: string, path: string): Promise<string> {
  const steps = path.split("/")
  let reached = ""
  for (let links = 0; steps.length > 0; ) {
    const step = steps.shift()!
    if (step === "" || step === ".") continue
    if (step === "..") {
      reached = reached.slice(0, reached.lastIndexOf("/"))
      continue
    }
    const next = `${reached}/${step}`
    const target = await linkTarget(join(root, next))
    if (target === undefined) {
      reached = next
      continue
    }
    if (++links > maxLinks) throw new Error(`too many links in ${path}`)
    if (target.startsWith("/")) reached = ""
    steps.unshift(...target.split("/"))
  }
  return join(root, reached)
}

async function linkTarget(path: string): Promise<string | undefined> {
  const found = await lstat(path).catch(() => undefined)
  return found?.isSymbolicLink() ? readlink(path) : undefined
}
