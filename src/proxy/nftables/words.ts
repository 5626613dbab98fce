import type { IpFamily } from "../../base/ip-address.ts"

/** How nft calls things of an address family. */
export interface Words {
  /** "ip" or "ip6": the table's family and the header. */
  readonly ip: string
  readonly addressType: string
}

export const words: Readonly<Record<IpFamily, Words>> = {
  4: { ip: "ip", addressType: "ipv4_addr" },
  6: { ip: "ip6", addressType: "ipv6_addr" },
}
