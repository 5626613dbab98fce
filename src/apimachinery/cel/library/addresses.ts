import { quote } from "../../../base/quote.ts"
import {
  bitsOf,
  formatIp,
  type IpAddress,
  networkHas,
  networkIncludes,
  networkOf,
  parseIp,
  parseNetwork,
} from "../../../base/ip-address.ts"
import { CelError, type CelOpaque, type CelResult, isError } from "../values/value.ts"
import { overload } from "./function.ts"

class CelIp implements CelOpaque {
  readonly kind = "opaque"
  readonly typeName = "net.IP"
  readonly address: IpAddress

  constructor(address: IpAddress) {
    this.address = address
  }

  get size(): number {
    return bytesOf(this.address)
  }

  equals(other: CelOpaque): boolean {
    return other instanceof CelIp && sameAddress(other.address, this.address)
  }
}

/** An address and how many of its bits say which network; bits beyond them are kept. */
class CelCidr implements CelOpaque {
  readonly kind = "opaque"
  readonly typeName = "net.CIDR"
  readonly address: IpAddress
  readonly prefixLength: number

  constructor(address: IpAddress, prefixLength: number) {
    this.address = address
    this.prefixLength = prefixLength
  }

  get size(): number {
    return Math.ceil(this.prefixLength / 8)
  }

  get network() {
    return networkOf(this.address, this.prefixLength)
  }

  equals(other: CelOpaque): boolean {
    return (
      other instanceof CelCidr &&
      sameAddress(other.address, this.address) &&
      other.prefixLength === this.prefixLength
    )
  }
}

export const addressFunctions = [
  overload("string_to_ip", "ip(string): net.IP", ipOf),
  overload("is_ip", "isIP(string): bool", (text: string) => !isError(ipOf(text))),
  overload("ip_is_canonical", "ip.isCanonical(string): bool", (text: string) => {
    const parsed = ipOf(text)
    return parsed instanceof CelIp ? formatIp(parsed.address) === text : parsed
  }),
  overload("ip_to_string", "string(net.IP): string", ({ address }: CelIp) => formatIp(address)),
  overload("ip_family", "net.IP.family(): int", ({ address }: CelIp) => BigInt(address.family)),
  overload("ip_is_unspecified", "net.IP.isUnspecified(): bool", ({ address }: CelIp) => address.value === 0n),
  overload("ip_is_loopback", "net.IP.isLoopback(): bool", isIn("127.0.0.0/8", "::1/128")),
  overload("ip_is_link_local_multicast", "net.IP.isLinkLocalMulticast(): bool", linkLocalMulticast),
  overload(
    "ip_is_link_local_unicast",
    "net.IP.isLinkLocalUnicast(): bool",
    isIn("169.254.0.0/16", "fe80::/10"),
  ),
  overload("ip_is_global_unicast", "net.IP.isGlobalUnicast(): bool", isGlobalUnicast),
  overload("string_to_cidr", "cidr(string): net.CIDR", cidrOf),
  overload("is_cidr", "isCIDR(string): bool", (text: string) => !isError(cidrOf(text))),
  overload(
    "cidr_to_string",
    "string(net.CIDR): string",
    ({ address, prefixLength }: CelCidr) => `${formatIp(address)}/${prefixLength}`,
  ),
  overload("cidr_contains_ip_string", "net.CIDR.containsIP(string): bool", (cidr: CelCidr, text: string) => {
    const other = ipOf(text)
    return other instanceof CelIp ? networkHas(cidr.network, other.address) : other
  }),
  overload("cidr_contains_ip_ip", "net.CIDR.containsIP(net.IP): bool", (cidr: CelCidr, { address }: CelIp) =>
    networkHas(cidr.network, address),
  ),
  overload(
    "cidr_contains_cidr_string",
    "net.CIDR.containsCIDR(string): bool",
    (cidr: CelCidr, text: string) => {
      const other = cidrOf(text)
      return other instanceof CelCidr ? networkIncludes(cidr.network, other.network) : other
    },
  ),
  overload("cidr_contains_cidr", "net.CIDR.containsCIDR(net.CIDR): bool", (cidr: CelCidr, other: CelCidr) =>
    networkIncludes(cidr.network, other.network),
  ),
  overload("cidr_ip", "net.CIDR.ip(): net.IP", ({ address }: CelCidr) => new CelIp(address)),
  overload("cidr_prefix_length", "net.CIDR.prefixLength(): int", ({ prefixLength }: CelCidr) =>
    BigInt(prefixLength),
  ),
  overload(
    "cidr_masked",
    "net.CIDR.masked(): net.CIDR",
    ({ network }: CelCidr) =>
      new CelCidr({ family: network.family, value: network.base }, network.prefixLength),
  ),
]

function bytesOf({ family }: IpAddress): number {
  return bitsOf(family) / 8
}

function sameAddress(a: IpAddress, b: IpAddress): boolean {
  return a.family === b.family && a.value === b.value
}

const isMapped = ({ family, value }: IpAddress) => family === 6 && value >> 32n === 0xffffn

function ipOf(text: string): CelResult {
  const zoned = text.includes(":") ? text.indexOf("%") : -1
  if (zoned > 0 && zoned < text.length - 1 && parseIp(text.slice(0, zoned))) {
    return new CelError(`IP address ${quote(text)} with zone value is not allowed`)
  }
  const address = parseIp(text)
  if (!address) {
    const why = `ParseAddr(${quote(text)}): unable to parse IP`
    return new CelError(`IP Address ${quote(text)} parse error during conversion from string: ${why}`)
  }
  return isMapped(address)
    ? new CelError(`IPv4-mapped IPv6 address ${quote(text)} is not allowed`)
    : new CelIp(address)
}

function cidrOf(text: string): CelResult {
  const what = "network address parse error during conversion from string"
  const address = parseIp(text.slice(0, Math.max(text.lastIndexOf("/"), 0)))
  const network = parseNetwork(text)
  if (!address || !network) {
    const why = text.includes("/") ? "bad address" : "no '/'"
    return new CelError(`${what}: ${what}: netip.ParsePrefix(${quote(text)}): ${why}`)
  }
  if (isMapped(address))
    return new CelError(`${what}: IPv4-mapped IPv6 address ${quote(text)} is not allowed`)
  return new CelCidr(address, network.prefixLength)
}

function isIn(...networks: readonly string[]): (ip: CelIp) => boolean {
  const parsed = networks.map(parseNetwork)
  return ({ address }) => parsed.some((network) => network !== undefined && networkHas(network, address))
}

const unicastExceptions = isIn(
  "127.0.0.0/8",
  "::1/128",
  "224.0.0.0/4",
  "ff00::/8",
  "169.254.0.0/16",
  "fe80::/10",
)

function isGlobalUnicast(ip: CelIp): boolean {
  const { address } = ip
  if (address.value === 0n || (address.family === 4 && address.value === 0xffffffffn)) return false
  return !unicastExceptions(ip)
}

// 224.0.0.0/24, and IPv6 multicast whose scope is the link.
function linkLocalMulticast({ address: { family, value } }: CelIp): boolean {
  if (family === 4) return value >> 8n === 0xe00000n
  return value >> 120n === 0xffn && ((value >> 112n) & 0xfn) === 2n
}
