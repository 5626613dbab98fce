import type { VolumeDirectories } from "./volume-directories.ts"

/** Paths that exist nowhere, for nodes whose containers run nowhere. */
export function createSimulatedDirectories(): VolumeDirectories & { readonly paths: ReadonlySet<string> } {
  const paths = new Set<string>()
  return {
    paths,
    create(name) {
      const path = `/var/lib/coracle/volumes/${name}`
      paths.add(path)
      return Promise.resolve(path)
    },
    remove(path) {
      if (!paths.delete(path)) return Promise.reject(new Error(`not one of this node's volumes: ${path}`))
      return Promise.resolve()
    },
  }
}
