/**
 * Node IPAM: every node has a part of the cluster's address range for its pods.
 *
 * Reads nodes; writes `spec.podCIDR` and `spec.podCIDRs` of those that have none.
 * Woken by nodes without. All nodes are one key, because a part given to one must be known before the next is chosen.
 */
import { bitsOf, parseNetwork } from "../../base/ip-address.ts"
import { Node } from "../../api/core/v1/node.ts"
import { keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  type Result,
  watch,
} from "../../client/controller.ts"
import { type ClusterRange, planAllocations } from "./plan.ts"

export interface NodeIpamOptions {
  /** "10.244.0.0/16"; one for each family at most. */
  readonly clusterCidrs: readonly string[]
  /** @default 24 */
  readonly nodeMaskSizeIpv4?: number
  /** @default 64 */
  readonly nodeMaskSizeIpv6?: number
}

const everyNode: ObjectKey = { name: "nodes" }

export function createNodeIpamController(options: NodeIpamOptions): ControllerDefinition {
  const ranges = options.clusterCidrs.map((text) => parseRange(text, options))
  return {
    name: "node-ipam-controller",
    eventSource: "cidrAllocator",
    watches: [watch(Node, (node) => (node.spec.podCIDR ? [] : [everyNode]))],
    workers: 1,
    reconcile: (_, context) => reconcile(context, ranges),
  }
}

async function reconcile(
  { client, cache, events }: ReconcileContext,
  ranges: readonly ClusterRange[],
): Promise<Result> {
  const full: string[] = []
  for (const { node, podCidrs } of planAllocations(cache.list(Node), ranges)) {
    const { name } = node.metadata
    if (!podCidrs) {
      full.push(name)
      events.event(node, "Normal", "CIDRNotAvailable", `Node ${name} status is now: CIDRNotAvailable`)
      continue
    }
    const body = { spec: { podCIDR: podCidrs[0], podCIDRs: podCidrs } }
    await client.patch(Node, keyOf(node), { type: "strategic", body }).catch(ignoreNotFound)
  }
  // Tried again with back-off: a node that leaves gives its part back.
  if (full.length > 0) throw new Error(`no part of the cluster's ranges is left for ${full.join(", ")}`)
  return done
}

function parseRange(text: string, options: NodeIpamOptions): ClusterRange {
  const network = parseNetwork(text)
  if (!network)
    throw new Error(`cluster CIDR ${JSON.stringify(text)} is not a network: write it as 10.244.0.0/16`)
  const nodePrefixLength =
    network.family === 4 ? (options.nodeMaskSizeIpv4 ?? 24) : (options.nodeMaskSizeIpv6 ?? 64)
  if (nodePrefixLength < network.prefixLength)
    throw new Error(`cluster CIDR ${text} is smaller than a node's part of /${nodePrefixLength}: widen it`)
  if (nodePrefixLength > bitsOf(network.family))
    throw new Error(
      `a node's part of ${text} cannot be /${nodePrefixLength}: there are ${bitsOf(network.family)} bits`,
    )
  return { network, nodePrefixLength }
}
