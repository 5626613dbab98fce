import { orAborted } from "../base/on-abort.ts"
import { isNodeReady } from "../api/core/v1/is-node-ready.ts"
import { Node } from "../api/core/v1/node.ts"
import type { Clock } from "../base/clock.ts"
import { formatIp, parseNetwork } from "../base/ip-address.ts"
import type { Logger } from "../base/log.ts"
import { SyncLoop } from "../base/sync-loop.ts"
import type { Client } from "../client/client.ts"
import type { Informers } from "../client/informers.ts"
import { ensureClusterDns, type DnsNode } from "./cluster-dns-objects.ts"

export interface ClusterDnsOptions {
  /** May write the Service and its slices in "kube-system". */
  readonly client: Client
  readonly informers: Informers
  /** Addresses of the Service, one of each family. */
  readonly clusterIPs: readonly string[]
  /** False for nodes without a DNS server of their own. */
  readonly serves: (node: Node) => boolean
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Keeps the Service of the cluster's DNS and its endpoints in step with the nodes: every node answers at its own address
 * in the pod network. Pods do not come this way (their own node answers them), others do.
 */
export function publishClusterDns(options: ClusterDnsOptions): {
  run(signal: AbortSignal): Promise<void>
  /** Resolves when the Service is there. */
  readonly ready: Promise<void>
} {
  const { client, informers, clusterIPs, serves, clock, log } = options
  // Nodes change every few seconds (their status), what matters of them hardly ever.
  let written = ""
  async function sync(): Promise<void> {
    const nodes = informers.cache.list(Node).filter(serves).flatMap(toDnsNodes).sort(byName)
    const text = JSON.stringify(nodes)
    if (text === written) return
    await ensureClusterDns(client, { clusterIPs, nodes })
    written = text
  }
  const loop = new SyncLoop({
    clock,
    log,
    sync,
    failed: () => {
      written = ""
    },
  })
  return {
    ready: loop.ready,
    async run(signal) {
      const stopWatching = informers.onChange(Node, () => loop.trigger())
      await orAborted(informers.for(Node).synced, signal)
      await loop.run(signal)
      stopWatching()
    },
  }
}

/** One for each family. */
function toDnsNodes(node: Node): DnsNode[] {
  const { metadata, spec } = node
  const networks = (spec.podCIDRs ?? []).flatMap((cidr) => parseNetwork(cidr) ?? [])
  return networks.map(({ family, base }) => ({
    name: metadata.name,
    // The first address of a node's pod network is the node's own (network/plugin/address-pool.ts).
    address: formatIp({ family, value: base + 1n }),
    isReady: isNodeReady(node),
  }))
}

function byName(left: DnsNode, right: DnsNode): number {
  return left.name < right.name ? -1 : 1
}
