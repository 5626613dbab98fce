import type { VolumeDirectories } from "./volume-directories.ts"

/** Paths that exist nowhere, for nodes whose containers run nowhere. */
export function createSimulatedDirectories(): VolumeDirectories & { readonly paths: ReadonlySet<string> } {
  const root = "/var/lib/coracle/volumes/"
  const paths = new Set<string>()
  return {
    paths,
    create(name) {
      const path = `${root}${name}`
      paths.add(path)
      return Promise.resolve(path)
    },
    remove(path) {
      if (!path.startsWith(root)) return Promise.reject(new Error(`not one of this node's volumes: ${path}`))
      // Twice is no mistake: who removed it may not have come to write that down.
      paths.delete(path)
      return Promise.resolve()
    },
  }
}
