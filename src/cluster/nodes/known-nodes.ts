import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import type { DataDirectory } from "../data-directory.ts"
import { hasNodeFiles } from "./node-files.ts"
import type { KnownNode } from "./plan-nodes.ts"

/** The real nodes that the cluster in this directory had when it ran last: "node-2" before "node-10". */
export function listKnownNodes(directory: DataDirectory): KnownNode[] {
  const root = join(directory.path, "nodes")
  const names = existsSync(root) ? readdirSync(root) : []
  return names
    .toSorted(new Intl.Collator("en", { numeric: true }).compare)
    .map((name) => ({ name, onLink: hasNodeFiles(directory, name) }))
}
