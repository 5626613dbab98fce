import { formatIp, parseIp } from "../../base/ip-address.ts"

const ipv4Suffix = ".in-addr.arpa"
const ipv6Suffix = ".ip6.arpa"

/** The address that a name under in-addr.arpa or ip6.arpa stands for; undefined for other or partial names. */
export function addressOfReverseName(name: string): string | undefined {
  if (name.endsWith(ipv4Suffix)) {
    const parts = name.slice(0, -ipv4Suffix.length).split(".").reverse()
    return canonical(parts.join("."))
  }
  if (name.endsWith(ipv6Suffix)) {
    const nibbles = name.slice(0, -ipv6Suffix.length).split(".").reverse()
    if (nibbles.length !== 32) return undefined
    return canonical(nibbles.join("").replace(/(.{4})(?=.)/g, "$1:"))
  }
  return undefined
}

function canonical(text: string): string | undefined {
  const ip = parseIp(text)
  return ip && formatIp(ip)
}
