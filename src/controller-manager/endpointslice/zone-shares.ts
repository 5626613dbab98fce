import { quantityMilliValue } from "../../apimachinery/quantity.ts"
import { isNodeReady } from "../../api/core/v1/is-node-ready.ts"
import type { Node } from "../../api/core/v1/node.ts"

const zoneLabel = "topology.kubernetes.io/zone"
const excludedLabels = ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"]

/**
 * The part that each zone has of all CPUs of ready nodes; undefined where that cannot be said: a node tells no zone or no
 * CPU, or there is only one zone.
 */
export function computeZoneShares(nodes: readonly Node[]): ReadonlyMap<string, number> | undefined {
  const milliCpus = new Map<string, number>()
  for (const node of nodes) {
    const labels = node.metadata.labels ?? {}
    if (excludedLabels.some((label) => label in labels) || !isNodeReady(node)) continue
    const milliCpu = quantityMilliValue(node.status.allocatable?.["cpu"] ?? "0")
    const zone = labels[zoneLabel]
    if (!zone || milliCpu === 0) return undefined
    milliCpus.set(zone, (milliCpus.get(zone) ?? 0) + milliCpu)
  }
  if (milliCpus.size < 2) return undefined
  const total = [...milliCpus.values()].reduce((sum, each) => sum + each, 0)
  return new Map(Array.from(milliCpus, ([zone, milliCpu]) => [zone, milliCpu / total]))
}

/** What of a node the shares depend on is the same. */
export function hasSameShare(current: Node, previous: Node): boolean {
  const read = (node: Node) => [
    node.metadata.labels?.[zoneLabel],
    node.status.allocatable?.["cpu"],
    isNodeReady(node),
  ]
  return JSON.stringify(read(current)) === JSON.stringify(read(previous))
}
