import { existsSync, rmSync } from "node:fs"
import { stopCluster } from "./down.ts"
import { parseDataDir } from "./data-dir-flag.ts"

/** What a data directory has and nothing else does: reset deletes no directory that is not one. */
const marks = ["etcd", "pki", "coracle.pid", "kubeconfig", "networks.json"]

export async function reset(argv: readonly string[]): Promise<number> {
  const parsed = parseDataDir("reset", argv)
  if (!parsed) return 0
  const { path } = parsed.directory
  if (!existsSync(path)) {
    process.stdout.write(`${path} does not exist: nothing to reset\n`)
    return 0
  }
  if (!marks.some((name) => existsSync(`${path}/${name}`))) {
    process.stderr.write(
      `coracle reset: ${path} is not the data directory of a cluster; nothing was deleted\n`,
    )
    return 1
  }
  await stopCluster(parsed.directory)
  rmSync(path, { recursive: true, force: true })
  process.stdout.write(`deleted ${path}\n`)
  return 0
}
