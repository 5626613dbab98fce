import { findUntolerated } from "../../api/core/v1/tolerate-taints.ts"
import type { CycleContext } from "../framework.ts"
import type { NodeInfo } from "../node-info.ts"
import type { PodInfo } from "../pod-info.ts"
import type { ByValue } from "../topology-counts.ts"
import { hasRequirements, matchesNodeSelection } from "./node-affinity.ts"
import type { SpreadConstraint } from "./spread-constraints.ts"

/** Matching pods in each domain of a constraint. */
export interface Domains {
  /** How many; a domain without any may be missing. */
  readonly counts: ByValue
  /** The names of all domains, those without a matching pod included. */
  readonly names: { readonly size: number; keys(): Iterable<string> }
}

/**
 * Only nodes that have every key of `all`, and that the policies let count. Where that is every node, which is the rule, the
 * cluster view has the answer ready; otherwise nodes and pods are gone through.
 */
export function countDomains(
  info: PodInfo,
  constraint: SpreadConstraint,
  all: readonly SpreadConstraint[],
  context: CycleContext,
): Domains {
  const { view } = context
  const namespaces = new Set([info.pod.metadata.namespace ?? ""])
  if (everyNodeCounts(info, constraint, all, context)) {
    const term = { selector: constraint.selector, namespaces }
    return {
      counts: view.countPods([term], constraint.topologyKey, true),
      names: view.countNodes(constraint.topologyKey),
    }
  }
  const counts = new Map<string, number>()
  for (const node of view.nodes) {
    const labels = node.node.metadata.labels ?? {}
    if (!all.every(({ topologyKey }) => labels[topologyKey] !== undefined)) continue
    if (nodeCounts(info, node, constraint)) counts.set(labels[constraint.topologyKey]!, 0)
  }
  view.pods.forEachMatch(namespaces, constraint.selector, ({ info: other, nodeName }) => {
    if (other.pod.metadata.deletionTimestamp) return
    const node = view.find(nodeName)
    const labels = node?.node.metadata.labels
    const value = labels?.[constraint.topologyKey]
    if (value === undefined || !counts.has(value) || !nodeCounts(info, node!, constraint)) return
    if (all.every(({ topologyKey }) => labels![topologyKey] !== undefined))
      counts.set(value, counts.get(value)! + 1)
  })
  return { counts, names: counts }
}

function everyNodeCounts(
  info: PodInfo,
  { honorsAffinity, honorsTaints }: SpreadConstraint,
  all: readonly SpreadConstraint[],
  { view }: CycleContext,
): boolean {
  if (honorsAffinity && hasRequirements(info)) return false
  if (honorsTaints && view.tainted.size > 0) return false
  // With one key, nodes without it are in no domain anyway.
  return (
    all.length === 1 || all.every(({ topologyKey }) => view.countLabelled(topologyKey) === view.nodes.length)
  )
}

function nodeCounts(info: PodInfo, { node }: NodeInfo, constraint: SpreadConstraint): boolean {
  if (constraint.honorsAffinity && !matchesNodeSelection(info, node)) return false
  if (!constraint.honorsTaints || !node.spec.taints) return true
  const tolerations = info.pod.spec.tolerations ?? []
  return !findUntolerated(node.spec.taints, tolerations, ({ effect }) => effect !== "PreferNoSchedule")
}
