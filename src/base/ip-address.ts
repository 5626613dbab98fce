/** IP addresses and networks as numbers. Text in, text out; strict about text as Go's net/netip is. */
export type IpFamily = 4 | 6

export interface IpAddress {
  readonly family: IpFamily
  readonly value: bigint
}

export interface IpNetwork {
  readonly family: IpFamily
  /** The lowest address: bits beyond the prefix are zero. */
  readonly base: bigint
  readonly prefixLength: number
}

/** Reads "10.0.0.1" or "fd00::1"; undefined when the text is no address. Leading zeros and zones are refused. */
export function parseIp(text: string): IpAddress | undefined {
  const value = text.includes(":") ? parseIpv6(text) : parseIpv4(text)
  return value === undefined ? undefined : { family: text.includes(":") ? 6 : 4, value }
}

/** The canonical form (RFC 5952 for IPv6). */
export function formatIp({ family, value }: IpAddress): string {
  return family === 4 ? formatIpv4(value) : formatIpv6(value)
}

/** The family of an address in text, without checking more of it. */
export function ipFamily(text: string): IpFamily {
  return text.includes(":") ? 6 : 4
}

/** Reads "10.0.0.0/8"; bits beyond the prefix are dropped. */
export function parseNetwork(text: string): IpNetwork | undefined {
  const slash = text.indexOf("/")
  const address = slash < 0 ? undefined : parseIp(text.slice(0, slash))
  const length = text.slice(slash + 1)
  if (!address || !/^(0|[1-9]\d{0,2})$/.test(length) || Number(length) > bitsOf(address.family))
    return undefined
  return networkOf(address, Number(length))
}

export function formatNetwork({ family, base, prefixLength }: IpNetwork): string {
  return `${formatIp({ family, value: base })}/${prefixLength}`
}

/** The network of `prefixLength` bits that holds the address. */
export function networkOf({ family, value }: IpAddress, prefixLength: number): IpNetwork {
  const hostBits = BigInt(bitsOf(family) - prefixLength)
  return { family, base: (value >> hostBits) << hostBits, prefixLength }
}

/** How many addresses it holds. */
export function networkSize({ family, prefixLength }: IpNetwork): bigint {
  return 1n << BigInt(bitsOf(family) - prefixLength)
}

export function networkHas(network: IpNetwork, address: IpAddress): boolean {
  return (
    network.family === address.family &&
    address.value >= network.base &&
    address.value < network.base + networkSize(network)
  )
}

/** True when every address of `inner` is in `outer`. */
export function networkIncludes(outer: IpNetwork, inner: IpNetwork): boolean {
  return outer.prefixLength <= inner.prefixLength && networkHas(outer, { ...inner, value: inner.base })
}

/** The networks without those that others of them include, equal ones once: nothing overlaps any more. */
export function withoutIncluded(networks: readonly IpNetwork[]): IpNetwork[] {
  return networks.filter(
    (network, index) =>
      !networks.some(
        (other, otherIndex) =>
          otherIndex !== index &&
          networkIncludes(other, network) &&
          (other.prefixLength < network.prefixLength || otherIndex < index),
      ),
  )
}

export function bitsOf(family: IpFamily): number {
  return family === 4 ? 32 : 128
}

function parseIpv4(text: string): bigint | undefined {
  const parts = text.split(".")
  if (parts.length !== 4) return undefined
  let value = 0
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined
    value = value * 256 + Number(part)
  }
  return BigInt(value)
}

function parseIpv6(text: string): bigint | undefined {
  const halves = text.split("::")
  if (halves.length > 2) return undefined
  const head = parseGroups(halves[0]!)
  const tail = halves.length === 2 ? parseGroups(halves[1]!) : []
  if (!head || !tail) return undefined
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  return [...head, ...Array<number>(missing).fill(0), ...tail].reduce(
    (value, group) => (value << 16n) | BigInt(group),
    0n,
  )
}

/** The 16-bit groups of one side of "::"; a dotted IPv4 address at the end counts as two. */
function parseGroups(text: string): number[] | undefined {
  if (text === "") return []
  const groups: number[] = []
  const parts = text.split(":")
  for (const [index, part] of parts.entries()) {
    if (part.includes(".") && index === parts.length - 1) {
      const embedded = parseIpv4(part)
      if (embedded === undefined) return undefined
      groups.push(Number(embedded >> 16n), Number(embedded & 0xffffn))
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16))
    else return undefined
  }
  return groups
}

function formatIpv4(value: bigint): string {
  const number = Number(value)
  return `${number >>> 24}.${(number >>> 16) & 255}.${(number >>> 8) & 255}.${number & 255}`
}

function formatIpv6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) =>
    Number((value >> BigInt(112 - index * 16)) & 0xffffn),
  )
  const zeros = longestZeros(groups)
  const hex = (part: number[]) => part.map((group) => group.toString(16)).join(":")
  if (zeros.length < 2) return hex(groups)
  return `${hex(groups.slice(0, zeros.start))}::${hex(groups.slice(zeros.start + zeros.length))}`
}

function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  for (let start = 0; start < groups.length; start++) {
    let length = 0
    while (groups[start + length] === 0) length++
    if (length > best.length) best = { start, length }
  }
  return best
}
