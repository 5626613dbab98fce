import { readFile, stat } from "node:fs/promises"
import { parseIp } from "../../base/ip-address.ts"

/** The name servers that names outside the cluster are asked from. */
export interface Upstreams {
  list(): Promise<readonly string[]>
}

/**
 * Those of a resolv.conf(5), read again when the file has changed. Our own addresses are left out: a question would come
 * back to us for ever.
 */
export function upstreamsOfFile(path: string, ownAddresses: readonly string[]): Upstreams {
  let known: { modifiedMs: number; servers: readonly string[] } | undefined
  return {
    async list() {
      const modifiedMs = await stat(path).then(
        (found) => found.mtimeMs,
        () => -1,
      )
      if (known?.modifiedMs === modifiedMs) return known.servers
      const text = modifiedMs < 0 ? "" : await readFile(path, "utf8")
      const servers = parseNameServers(text).filter((server) => !ownAddresses.includes(server))
      known = { modifiedMs, servers }
      return servers
    },
  }
}

/** The addresses after "nameserver"; lines that are none are ignored, as resolvers do. */
export function parseNameServers(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    const [word, address] = line.trim().split(/\s+/)
    return word === "nameserver" && address && parseIp(address) ? [address] : []
  })
}
