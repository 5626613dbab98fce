import { formatIp, type IpNetwork, networkHas, networkSize, parseIp } from "../../base/ip-address.ts"

/**
 * The addresses of one pod network. The first is the gateway; network and broadcast address are never given. Addresses
 * are handed out in turn rather than lowest first, so that an address that was just given back rests as long as possible:
 * caches elsewhere may still know its last holder.
 *
 * Invariant: an address is either free or in `#taken`, never given twice.
 */
export class AddressPool {
  readonly network: IpNetwork
  readonly gateway: string
  readonly #taken = new Set<bigint>()
  #last: bigint

  constructor(network: IpNetwork) {
    this.network = network
    this.#last = network.base + 1n
    this.gateway = this.#format(this.#last)
  }

  /** Throws when every address is taken. */
  allocate(): string {
    const first = this.network.base + 2n
    const count = this.#usable()
    for (let tried = 0n; tried < count; tried++) {
      const candidate = first + ((this.#last + 1n - first + tried) % count)
      if (this.#taken.has(candidate)) continue
      this.#taken.add(candidate)
      this.#last = candidate
      return this.#format(candidate)
    }
    throw new Error(`no free address: all ${count} of ${this.#format(this.network.base)} are taken`)
  }

  /** Marks an address as taken that was given in an earlier life. False when it is not of this network or taken. */
  reserve(address: string): boolean {
    const ip = parseIp(address)
    if (!ip || !networkHas(this.network, ip) || this.#taken.has(ip.value)) return false
    this.#taken.add(ip.value)
    if (ip.value > this.#last) this.#last = ip.value
    return true
  }

  release(address: string): void {
    const ip = parseIp(address)
    if (ip && ip.family === this.network.family) this.#taken.delete(ip.value)
  }

  get takenCount(): number {
    return this.#taken.size
  }

  /** Without network, gateway and (IPv4) broadcast address. */
  #usable(): bigint {
    return networkSize(this.network) - (this.network.family === 4 ? 3n : 2n)
  }

  #format(value: bigint): string {
    return formatIp({ family: this.network.family, value })
  }
}
