import { formatIp, type IpNetwork, networkSize, parseIp, formatNetwork } from "../../../base/ip-address.ts"
import { integer, type Random } from "../../../base/random.ts"

/**
 * Which address of a network to give away. The first few are left for those who ask for a certain one, as the cluster's
 * DNS does, until the rest is used up (https://kubernetes.io/docs/concepts/services-networking/cluster-ip-allocation/).
 * A random place to begin makes it unlikely that an address is soon used again for something else.
 */
export function pickAddress(
  network: IpNetwork,
  isTaken: (address: string) => boolean,
  random: Random,
): string | undefined {
  const { first, last } = usable(network)
  const border = first + BigInt(reservedCount(network))
  return (
    pickBetween(network, border, last, isTaken, random) ??
    pickBetween(network, first, border - 1n, isTaken, random)
  )
}

/** Why `address` cannot be had from `network` whoever asks; undefined when it can. */
export function rangeProblem(network: IpNetwork, address: string): string | undefined {
  const value = parseIp(address)?.value
  const { first, last } = usable(network)
  if (value !== undefined && value >= first && value <= last) return undefined
  return `the provided IP (${address}) is not in the valid range. The range of valid IPs is ${formatNetwork(network)}`
}

/** The network's own address is nobody's, and neither is IPv4's broadcast address. */
function usable(network: IpNetwork): { first: bigint; last: bigint } {
  const last = network.base + networkSize(network) - 1n
  return { first: network.base + 1n, last: network.family === 4 ? last - 1n : last }
}

/** A sixteenth of the network, at least 16 and at most 256; none of a network too small to share out. */
function reservedCount(network: IpNetwork): number {
  const hosts = Number(usable(network).last - usable(network).first + 1n)
  if (hosts < 16) return 0
  return Math.min(Math.max(Math.floor(hosts / 16), 16), 256)
}

function pickBetween(
  { family }: IpNetwork,
  first: bigint,
  last: bigint,
  isTaken: (address: string) => boolean,
  random: Random,
): string | undefined {
  const count = last - first + 1n
  if (count <= 0n) return undefined
  // More addresses than a number can count are never looked through: any start will do.
  const countable = count > 0xffffffffn ? 0xffffffff : Number(count)
  const start = integer(random, countable)
  for (let step = 0; step < countable; step++) {
    const address = formatIp({ family, value: first + BigInt((start + step) % countable) })
    if (!isTaken(address)) return address
  }
  return undefined
}
