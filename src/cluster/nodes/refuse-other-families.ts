import { ipFamily } from "../../base/ip-address.ts"
import type { Networks } from "../networks/networks.ts"

/** Between nodes packets go by the cluster's first family (docs/decisions/0130): a node needs an address of it. */
export function refuseOtherFamilies(nodeIps: readonly string[], { pods }: Pick<Networks, "pods">): void {
  const family = ipFamily(pods[0]!)
  if (nodeIps.some((address) => ipFamily(address) === family)) return
  throw new Error(
    `--node-ip: this cluster's nodes reach each other by IPv${family}: give an address of that family, too`,
  )
}
