import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { ForeignPlugin } from "../../network/foreign/create-foreign-network.ts"
import type { DataDirectory } from "../data-directory.ts"

const pathOf = (directory: DataDirectory, name: string) =>
  join(directory.nodeDirectory(name), "foreign-plugin.json")

/** Who clears up after a crash must know whose plugin has connected the pods. */
export function rememberForeignPlugin(
  directory: DataDirectory,
  name: string,
  plugin: ForeignPlugin | undefined,
): void {
  const path = pathOf(directory, name)
  if (!plugin) return rmSync(path, { force: true })
  mkdirSync(directory.nodeDirectory(name), { recursive: true, mode: 0o755 })
  writeFileSync(path, `${JSON.stringify(plugin)}\n`)
}

export function findForeignPlugin(directory: DataDirectory, name: string): { foreignPlugin?: ForeignPlugin } {
  const path = pathOf(directory, name)
  return existsSync(path) ? { foreignPlugin: JSON.parse(readFileSync(path, "utf8")) as ForeignPlugin } : {}
}
