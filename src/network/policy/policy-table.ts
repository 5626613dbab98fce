import type { IpFamily } from "../../base/ip-address.ts"

/** The sets and maps of the fixed part that pods fill. */
export const fixedSets = ["egress-pods", "ingress-pods", "own"]

/** Family and name, as nft wants them in commands. */
export function policyTable(prefix: string, family: IpFamily): string {
  return `${family === 4 ? "ip" : "ip6"} ${prefix}-policy`
}

/**
 * The fixed part of the table, in the place of whatever is there. A new connection is judged twice: when it leaves a pod
 * of this node and when it arrives at one; a connection between two pods of one node passes both. `egress-pods` and
 * `ingress-pods` lead from a pod's address to the chain of its policies, which accepts or drops; a pod that no policy
 * selects is in neither. What was accepted goes on in both directions by connection tracking.
 *
 * The node itself may always connect to its pods: its packets pass neither chain (kubelet's probes depend on it).
 */
export function planPolicyTable(prefix: string, family: IpFamily): string {
  const table = policyTable(prefix, family)
  const ip = family === 4 ? "ip" : "ip6"
  const type = family === 4 ? "ipv4_addr" : "ipv6_addr"
  // Without neighbour discovery no IPv6 packet leaves at all.
  const discovery =
    family === 4
      ? ""
      : "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, nd-router-advert } accept"
  return `
add table ${table}
delete table ${table}
table ${table} {
  map egress-pods { type ${type} : verdict; }
  map ingress-pods { type ${type} : verdict; }
  set own { type ${type} . ${type}; }

  chain leave {
    ct state established,related accept
    ${discovery}
    ${ip} saddr . ${ip} daddr @own accept
    ${ip} saddr vmap @egress-pods
  }
  chain arrive {
    ct state established,related accept
    ${ip} saddr . ${ip} daddr @own accept
    ${ip} daddr vmap @ingress-pods
  }
  chain leave-forward { type filter hook forward priority -2; goto leave; }
  chain leave-input { type filter hook input priority -2; goto leave; }
  chain arrive-forward { type filter hook forward priority -1; goto arrive; }
}
`
}
