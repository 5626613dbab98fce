import { readFileSync } from "node:fs"
import type { IpFamily } from "../base/ip-address.ts"

/** Where the kernel tells its routes, in lines of fields. */
const routeFiles: Readonly<Record<IpFamily, string>> = { 4: "/proc/net/route", 6: "/proc/net/ipv6_route" }
/** For IPv6 the kernel, too, has such a route: it rejects. */
const rejectFlag = 0x200

/** The interface by which this machine reaches the world; undefined where nothing says so. */
export function findDefaultInterface(family: IpFamily): string | undefined {
  try {
    return defaultInterfaceOf(readFileSync(routeFiles[family], "utf8"), family)
  } catch {
    return undefined
  }
}

/** Of the routes to everywhere, the one with the lowest metric. */
export function defaultInterfaceOf(text: string, family: IpFamily): string | undefined {
  const routes = text.split("\n").flatMap((line) => (family === 4 ? parseRoute(line) : parseIpv6Route(line)))
  return routes.toSorted((a, b) => a.metric - b.metric)[0]?.name
}

interface DefaultRoute {
  readonly name: string
  readonly metric: number
}

/** "eth0 00000000 0101A8C0 0003 0 0 100 00000000 0 0 0": destination, gateway, flags, and after two counts metric and mask. */
function parseRoute(line: string): DefaultRoute[] {
  const [name = "", destination, , flags = "", , , metric, mask] = line.trim().split(/\s+/)
  const isDefault = destination === "00000000" && mask === "00000000"
  return isDefault && isUsable(flags) ? [{ name, metric: Number(metric) }] : []
}

/** Destination, its length, source, its length, next hop, metric, two counts, flags, name; numbers hexadecimal. */
function parseIpv6Route(line: string): DefaultRoute[] {
  const [destination = "", length, , , , metric = "", , , flags = "", name = ""] = line.trim().split(/\s+/)
  const isDefault = /^0+$/.test(destination) && length === "00"
  return isDefault && isUsable(flags) ? [{ name, metric: Number.parseInt(metric, 16) }] : []
}

function isUsable(flags: string): boolean {
  return (Number.parseInt(flags, 16) & rejectFlag) === 0
}
