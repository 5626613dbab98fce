import type { IpFamily } from "../../base/ip-address.ts"

/** Family and name of the nftables table for pods, as nft wants them in commands. */
export function podTable(prefix: string, family: IpFamily): string {
  return `${family === 4 ? "ip" : "ip6"} ${prefix}-pods`
}
