import type { Node } from "../../src/api/core/v1/node.ts"
import type { Pod } from "../../src/api/core/v1/pod.ts"
import { computePodRequests } from "../../src/api/core/v1/pod-resources.ts"
import { quantityMilliValue } from "../../src/apimachinery/quantity.ts"
import { type Checker, isOver } from "./checker.ts"

/** No node is given more than it has, counting every pod that is on it and not over. */
export function nodeCapacity(): Checker {
  return {
    name: "node-capacity",
    observe({ resource, current, previous }, objects) {
      const pod = current as Pod | undefined
      const before = previous as Pod | undefined
      if (resource !== "pods" || !pod?.spec.nodeName || before?.spec.nodeName) return undefined
      const { nodeName } = pod.spec
      const node = objects.find<Node>("minions", "", nodeName)
      if (!node) return undefined
      const there = objects
        .list<Pod>("pods")
        .filter((each) => each.spec.nodeName === nodeName && !isOver(each))
      const asked = there.reduce((sum, each) => sum + cpuOf(each), 0)
      const cpu = quantityMilliValue(node.status.allocatable?.["cpu"] ?? "0")
      const count = quantityMilliValue(node.status.allocatable?.["pods"] ?? "0") / 1000
      if (asked > cpu) return `${nodeName} has ${cpu}m of cpu and its pods ask for ${asked}m`
      return there.length > count ? `${nodeName} takes ${count} pods and has ${there.length}` : undefined
    },
  }
}

function cpuOf(pod: Pod): number {
  const { cpu } = computePodRequests(pod)
  return cpu ? quantityMilliValue(cpu) : 0
}
