import type { Node } from "../../src/api/core/v1/node.ts"
import type { Pod } from "../../src/api/core/v1/pod.ts"
import { type Checker, isOver, nameOf } from "./checker.ts"

/** No two nodes have the same range, no two pods that run the same address. */
export function uniqueAddresses(): Checker {
  return {
    name: "unique-addresses",
    observe({ resource, current }, objects) {
      if (resource === "minions" && current) return checkRange(current as Node, objects.list<Node>("minions"))
      if (resource === "pods" && current) return checkAddress(current as Pod, objects.list<Pod>("pods"))
      return undefined
    },
  }
}

function checkRange(node: Node, nodes: readonly Node[]): string | undefined {
  const { podCIDR } = node.spec
  const other =
    podCIDR &&
    nodes.find((each) => each.metadata.name !== node.metadata.name && each.spec.podCIDR === podCIDR)
  return other ? `${node.metadata.name} and ${other.metadata.name} both have ${podCIDR}` : undefined
}

function checkAddress(pod: Pod, pods: readonly Pod[]): string | undefined {
  const { podIP } = pod.status
  if (!podIP || isOver(pod)) return undefined
  const other = pods.find(
    (each) => each.metadata.uid !== pod.metadata.uid && each.status.podIP === podIP && !isOver(each),
  )
  return other ? `${nameOf(pod)} and ${nameOf(other)} both have ${podIP}` : undefined
}
