import type { FileKeySelector } from "../../../api/core/v1/env-var.ts"
import { resolveInRoot } from "../../../base/real/resolve-in-root.ts"
import { findVariable } from "../../containers/environment-file.ts"
import { readLines } from "./volume-file.ts"

/**
 * A variable as a file in a volume has it now; undefined where it may be left out. Throws in upstream's words: what is wrong
 * with the file is told to `unreadable` alone, since it is the pod's own text. A file that is not there is wrong even for variables
 * that may be left out.
 */
export async function readVolumeVariable(
  root: string,
  { key, path, optional }: FileKeySelector,
  unreadable: (error: unknown) => void,
): Promise<string | undefined> {
  const file = await resolveInRoot(root, path)
  const value = await findVariable(readLines(root, file), key).catch((error: unknown) => {
    unreadable(error)
    throw new Error("couldn't parse env file")
  })
  if (value !== "") return value
  if (optional) return undefined
  throw new Error(`environment variable key ${JSON.stringify(key)} not found in file ${JSON.stringify(file)}`)
}
