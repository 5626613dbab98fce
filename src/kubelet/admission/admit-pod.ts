import { parseQuantity, quantityMilliValue, quantityValue } from "../../apimachinery/quantity.ts"
import { quote } from "../../base/quote.ts"
import { collide, hostPortsOf } from "../../api/core/v1/host-ports.ts"
import { fitsNode } from "../../api/core/v1/match-node-selector.ts"
import type { Node } from "../../api/core/v1/node.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { type Amounts, computePodRequests } from "../../api/core/v1/pod-resources.ts"
import { findUntolerated } from "../../api/core/v1/tolerate-taints.ts"
import type { Machine } from "../node-host.ts"
import { isAllowedSysctl } from "./safe-sysctls.ts"
import { isStaticPod } from "../static-pods/static-pod.ts"

/** Why a pod may not run here; it becomes Failed with this. Events tell the message as it is. */
export interface Rejection {
  readonly reason: string
  readonly message: string
}

/** What a pod's status says of it. */
export function rejectedMessage({ message }: Rejection): string {
  return `Pod was rejected: ${message}`
}

/** As much of the node as a kubelet knows; `node` is undefined before it is registered. */
export interface NodeOfPod {
  readonly allocatable: Machine["allocatable"]
  readonly node: Node | undefined
  /** Patterns of sysctls that pods may set beside the safe ones: "net.core.*". */
  readonly allowedSysctls: readonly string[]
  /** Whether the runtime can keep to `supplementalGroupsPolicy: Strict`. */
  readonly strictGroups: boolean
}

/**
 * The node's last word on a pod that the scheduler (or somebody who did not ask it) has put here: whether it belongs here,
 * and still fits beside the others. Undefined if it does.
 */
export function admitPod(pod: Pod, others: readonly Pod[], node: NodeOfPod): Rejection | undefined {
  return (
    refuseForeign(pod, node) ??
    refuseSysctls(pod, node.allowedSysctls) ??
    findShortage(pod, others, node) ??
    (wasScheduled(pod) ? undefined : refuseByLabels(pod, node)) ??
    refuseTakenPorts(pod, others) ??
    (wasScheduled(pod) ? undefined : refuseTainted(pod, node))
  )
}

/**
 * The scheduler has seen the node's labels and taints a moment ago; ours may be older, since they are read with each report
 * of the node's status. Who says themselves where their pod goes has nobody but us to check it.
 */
function wasScheduled({ status }: Pod): boolean {
  return status.conditions?.some(({ type, status }) => type === "PodScheduled" && status === "True") ?? false
}

function refuseForeign({ metadata, spec }: Pod, { node, strictGroups }: NodeOfPod): Rejection | undefined {
  const system = metadata.labels?.["kubernetes.io/os"]
  if (system !== undefined && system !== (node?.metadata.labels?.["kubernetes.io/os"] ?? "linux"))
    return {
      reason: "PodOSSelectorNodeLabelDoesNotMatch",
      message: "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label",
    }
  if (spec.os && spec.os.name !== "linux")
    return {
      reason: "PodOSNotSupported",
      message: "Failed to admit pod as the OS field doesn't match node OS",
    }
  if (spec.securityContext?.supplementalGroupsPolicy === "Strict" && !strictGroups)
    return {
      reason: "SupplementalGroupsPolicyNotSupported",
      message: "SupplementalGroupsPolicy=Strict is not supported in this node",
    }
  return undefined
}

/** Others could do harm to the whole machine. */
function refuseSysctls({ spec }: Pod, allowed: readonly string[]): Rejection | undefined {
  const { sysctls = [] } = spec.securityContext ?? {}
  const forbidden = sysctls.find(({ name }) => !isAllowedSysctl(name, allowed))
  if (!forbidden) return undefined
  return { reason: "SysctlForbidden", message: `forbidden sysctl: ${quote(forbidden.name)} not allowlisted` }
}

function refuseByLabels({ spec }: Pod, { node }: NodeOfPod): Rejection | undefined {
  if (!node || fitsNode(spec, node)) return undefined
  return refusedBy("NodeAffinity", "node(s) didn't match Pod's node affinity/selector")
}

/** Static pods run whatever the node's taints. */
function refuseTainted(pod: Pod, { node }: NodeOfPod): Rejection | undefined {
  const taints = node?.spec.taints
  if (!taints || isStaticPod(pod)) return undefined
  const drivesOut = ({ effect }: (typeof taints)[number]) => effect === "NoExecute"
  if (!findUntolerated(taints, pod.spec.tolerations ?? [], drivesOut)) return undefined
  return refusedBy("TaintToleration", "node(s) had taints that the pod didn't tolerate")
}

function refusedBy(predicate: string, why: string): Rejection {
  return { reason: predicate, message: `Predicate ${predicate} failed: ${why}` }
}

/** What the node has not enough of for the pod beside the others. */
export function findShortage(
  pod: Pod,
  others: readonly Pod[],
  { allocatable }: Pick<NodeOfPod, "allocatable">,
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
  return undefined
}

function refuseTakenPorts(pod: Pod, others: readonly Pod[]): Rejection | undefined {
  const wanted = hostPortsOf(pod)
  if (wanted.length === 0) return undefined
  const taken = others.flatMap(hostPortsOf)
  if (!wanted.some((port) => taken.some((other) => collide(port, other)))) return undefined
  return refusedBy("NodePorts", "node(s) didn't have free ports for the requested pod ports")
}

function outOf(resource: string, requested: number, used: number, capacity: number): Rejection {
  const numbers = `requested: ${requested}, used: ${used}, capacity: ${capacity}`
  return {
    reason: `OutOf${resource}`,
    message: `Node didn't have enough resource: ${resource}, ${numbers}`,
  }
}

function isDefined(amount: Amounts[string] | undefined): amount is Amounts[string] {
  return amount !== undefined
}
