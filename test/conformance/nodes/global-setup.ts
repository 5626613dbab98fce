import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TestProject } from "vitest/node"
import { cli, run } from "../../e2e/cluster.ts"

declare module "vitest" {
  interface ProvidedContext {
    /** Where the cluster with real nodes is that all test files share; made by the first that needs it. */
    conformanceDirectory: string
  }
}

/** Ends, after the last test file, the cluster that the first one which needed real nodes has started. */
export default function setup(project: TestProject): () => Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "coracle-conformance-nodes-"))
  project.provide("conformanceDirectory", directory)
  return async () => {
    const data = join(directory, "data")
    if (existsSync(data)) {
      const { code, stderr } = await run(process.execPath, [cli, "reset", "--data-dir", data])
      if (code !== 0)
        throw new Error(
          `reset failed: ${stderr}\n${readFileSync(join(data, "coracle.log"), "utf8").slice(-4000)}`,
        )
    }
    rmSync(directory, { recursive: true, force: true })
  }
}
