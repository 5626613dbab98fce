import { execFileSync, type ExecFileSyncOptions } from "node:child_process"
import { existsSync } from "node:fs"

/**
 * Runs a program that fetches something from outside, and gives what it printed. Test files in boxes have no way out of their
 * own (tools/box): it asks in the machine's network.
 */
export function fetchWith(program: string, args: readonly string[], options: ExecFileSyncOptions): string {
  const asking = existsSync("/run/netns/machine") ? ["ip", "netns", "exec", "machine"] : []
  const [file, ...words] = [...asking, program, ...args]
  return execFileSync(file!, words, { stdio: "pipe", ...options, encoding: "utf8" })
}
