import { parseQuantity, quantityMilliValue, quantityValue } from "../../apimachinery/quantity.ts"
import { collide, hostPortsOf } from "../../api/core/v1/host-ports.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { type Amounts, computePodRequests } from "../../api/core/v1/pod-resources.ts"
import type { Machine } from "../node-host.ts"

/** Why a pod may not run here; it becomes Failed with this. */
export interface Rejection {
  readonly reason: string
  readonly message: string
}

/**
 * The node's last word on a pod that the scheduler (or somebody who did not ask it) has put here: whether it still fits
 * beside the others. Undefined if it does.
 */
export function admitPod(
  pod: Pod,
  others: readonly Pod[],
  { allocatable }: Pick<Machine, "allocatable">,
): Rejection | undefined {
  const limit = quantityValue(allocatable["pods"] ?? "110")
  if (others.length + 1 > limit) return outOf("pods", 1, others.length, limit)
  const wanted = computePodRequests(pod)
  for (const [name, amount] of Object.entries(wanted)) {
    if (amount.nanos === 0n || !(name in allocatable)) continue
    const used = others.map((other) => computePodRequests(other)[name]).filter(isDefined)
    const capacity = parseQuantity(allocatable[name]!)
    const total = used.reduce((sum, each) => sum + each.nanos, amount.nanos)
    if (total <= capacity.nanos) continue
    const measure = name === "cpu" ? quantityMilliValue : quantityValue
    const usedSum = used.reduce((sum, each) => sum + measure(each), 0)
    return outOf(name, measure(amount), usedSum, measure(capacity))
  }
  return refuseTakenPorts(pod, others)
}

function refuseTakenPorts(pod: Pod, others: readonly Pod[]): Rejection | undefined {
  const wanted = hostPortsOf(pod)
  if (wanted.length === 0) return undefined
  const taken = others.flatMap(hostPortsOf)
  if (!wanted.some((port) => taken.some((other) => collide(port, other)))) return undefined
  const problem = "node(s) didn't have free ports for the requested pod ports"
  return { reason: "NodePorts", message: `Pod was rejected: Predicate NodePorts failed: ${problem}` }
}

function outOf(resource: string, requested: number, used: number, capacity: number): Rejection {
  const numbers = `requested: ${requested}, used: ${used}, capacity: ${capacity}`
  return {
    reason: `OutOf${resource}`,
    message: `Pod was rejected: Node didn't have enough resource: ${resource}, ${numbers}`,
  }
}

function isDefined(amount: Amounts[string] | undefined): amount is Amounts[string] {
  return amount !== undefined
}
