import { UsageError } from "./command.ts"

/** "127.0.0.1:6443", "[::1]:6443", ":6443" (all addresses). */
export function parseListen(text: string, flag = "listen"): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (!match || port > 65_535) {
    throw new UsageError(
      `--${flag} ${text}: expected an address and a port, such as 127.0.0.1:6443 or [::1]:6443`,
    )
  }
  return { host: match[1] || match[2] || "0.0.0.0", port }
}
