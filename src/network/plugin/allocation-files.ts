import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { PodAllocation } from "./pod-allocation.ts"
import { parseAllocation } from "./pod-plan.ts"

const namespaceSuffix = ".namespace"

/**
 * The plans of this node's pods, a file for each: at once what the plugin follows and our memory of who holds which
 * address. A plan is complete or not there (it is renamed into place), so a crash at any moment loses nothing: at worst
 * an address stays taken until `adopt` finds that nobody holds it.
 */
export class AllocationFiles {
  readonly directory: string

  constructor(directory: string) {
    this.directory = directory
  }

  async load(): Promise<PodAllocation[]> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 })
    const allocations: PodAllocation[] = []
    for (const name of (await readdir(this.directory)).sort()) {
      if (name.includes(".")) continue
      const allocation = parseAllocation(await readFile(join(this.directory, name), "utf8"))
      if (allocation) allocations.push(allocation)
    }
    return allocations
  }

  async save(podUid: string, plan: string): Promise<void> {
    const path = join(this.directory, podUid)
    await writeFile(`${path}.new`, plan, { mode: 0o600 })
    await rename(`${path}.new`, path)
  }

  async delete(podUid: string): Promise<void> {
    const path = join(this.directory, podUid)
    await Promise.all(["", namespaceSuffix, ".new"].map((suffix) => rm(`${path}${suffix}`, { force: true })))
  }

  /** The network namespaces that the plugin was given, for those pods whose end nobody has told us. */
  async namespacePaths(): Promise<string[]> {
    const names = await readdir(this.directory).catch(() => [])
    const paths: string[] = []
    for (const name of names) {
      if (!name.endsWith(namespaceSuffix)) continue
      const path = (await readFile(join(this.directory, name), "utf8")).trim()
      if (path) paths.push(path)
    }
    return paths
  }
}
