import { Node } from "../../api/core/v1/node.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { matchesLabels } from "../../apimachinery/labels.ts"
import {
  type CycleContext,
  hint,
  maxScore,
  type Plugin,
  type Rejection,
  resolvable,
  unresolvable,
} from "../framework.ts"
import type { NodeInfo } from "../node-info.ts"
import type { PodInfo } from "../pod-info.ts"
import { matchesNodeSelection } from "./node-affinity.ts"
import { defaultConstraints, type SpreadConstraint, spreadConstraints } from "./spread-constraints.ts"
import { findUntolerated } from "../../api/core/v1/tolerate-taints.ts"
import { isChanged } from "../is-changed.ts"

/**
 * Spreads the pods that a selector matches evenly over the values of a node label
 * (https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/). The skew of a domain is how many
 * such pods it would have, with this one, more than the domain that has fewest; hard constraints bound it, soft ones
 * prefer it small.
 *
 * Example: zones a, b, c have 2, 1, 1 matching pods and maxSkew is 1: the pod may go to b or c (2 - 1 = 1), not to a
 * (3 - 1 = 2).
 */
const rules = {
  skew: resolvable("node(s) didn't match pod topology spread constraints"),
  label: unresolvable("node(s) didn't match pod topology spread constraints (missing required label)"),
}

/** Matching pods per domain; a domain without any is there with 0. */
type Domains = Map<string, number>

export const podTopologySpread: Plugin = {
  name: "PodTopologySpread",
  filter: (info, context) => {
    const constraints = spreadConstraints(info.pod, "DoNotSchedule")
    if (constraints.length === 0) return undefined
    const states = constraints.map((constraint) => {
      const domains = countDomains(info, constraint, constraints, context)
      return { constraint, domains, least: leastOf(domains, constraint) }
    })
    return {
      check(node) {
        for (const { constraint, domains, least } of states) {
          const rejection = judge(info, node, constraint, domains, least)
          if (rejection) return rejection
        }
        return undefined
      },
    }
  },
  score: (info, nodes, context) => {
    const declared = info.pod.spec.topologySpreadConstraints?.length
    const constraints = declared
      ? spreadConstraints(info.pod, "ScheduleAnyway")
      : defaultConstraints(info.pod, context.cache)
    if (constraints.length === 0) return undefined
    return scoreBy(info, nodes, constraints, !declared, context)
  },
  hints: [
    hint(Pod, "add", { mayHelp: sameNamespace }),
    hint(Pod, "update", {
      concerns: (current, previous) => isChanged(current!.metadata.labels, previous!.metadata.labels),
      mayHelp: sameNamespace,
    }),
    hint(Pod, "delete", {
      mayHelp: ({ pod }, _current, gone) => pod.metadata.namespace === gone!.metadata.namespace,
    }),
    hint(Node, "add"),
    hint(Node, "delete"),
    hint(Node, "update", {
      concerns: (current, previous) =>
        isChanged(current!.metadata.labels, previous!.metadata.labels) ||
        isChanged(current!.spec.taints, previous!.spec.taints),
    }),
  ],
}

function sameNamespace({ pod }: PodInfo, current: Pod | undefined): boolean {
  return pod.metadata.namespace === current!.metadata.namespace
}

function judge(
  info: PodInfo,
  node: NodeInfo,
  constraint: SpreadConstraint,
  domains: Domains,
  least: number,
): Rejection | undefined {
  const value = node.node.metadata.labels?.[constraint.topologyKey]
  if (value === undefined) return rules.label
  const self = matchesLabels(constraint.selector, info.pod.metadata.labels) ? 1 : 0
  const { added, removed } = node.changes()
  const counts = (other: PodInfo) => isCounted(other.pod, info.pod, constraint)
  const change = added.filter(counts).length - removed.filter(counts).length
  const there = (domains.get(value) ?? 0) + change
  // What was thought away may have been in the domain that had fewest.
  const lowest = change < 0 ? Math.min(least, there) : least
  return there + self - lowest > constraint.maxSkew ? rules.skew : undefined
}

function isCounted(other: Pod, pod: Pod, { selector }: SpreadConstraint): boolean {
  const { namespace, labels, deletionTimestamp } = other.metadata
  return namespace === pod.metadata.namespace && !deletionTimestamp && matchesLabels(selector, labels)
}

/** With fewer domains than asked for, one more with no pods is imagined. */
function leastOf(domains: Domains, { minDomains }: SpreadConstraint): number {
  if (domains.size < minDomains) return 0
  return Math.min(...domains.values())
}

/** Only nodes that have every key of the pod's constraints, and that the policies let count. */
function countDomains(
  info: PodInfo,
  constraint: SpreadConstraint,
  all: readonly SpreadConstraint[],
  { view }: CycleContext,
): Domains {
  const domains: Domains = new Map()
  for (const node of view.nodes) {
    const labels = node.node.metadata.labels ?? {}
    if (!all.every(({ topologyKey }) => labels[topologyKey] !== undefined)) continue
    if (!counts(info, node, constraint)) continue
    domains.set(labels[constraint.topologyKey]!, 0)
  }
  view.pods.forEachMatch(
    new Set([info.pod.metadata.namespace ?? ""]),
    constraint.selector,
    ({ info: other, nodeName }) => {
      if (other.pod.metadata.deletionTimestamp) return
      const node = view.find(nodeName)
      const value = node?.node.metadata.labels?.[constraint.topologyKey]
      if (value === undefined || !domains.has(value) || !counts(info, node!, constraint)) return
      domains.set(value, domains.get(value)! + 1)
    },
  )
  return domains
}

function counts(
  info: PodInfo,
  { node }: NodeInfo,
  { honorsAffinity, honorsTaints }: SpreadConstraint,
): boolean {
  if (honorsAffinity && !matchesNodeSelection(info, node)) return false
  if (!honorsTaints || !node.spec.taints) return true
  return !findUntolerated(
    node.spec.taints,
    info.pod.spec.tolerations ?? [],
    ({ effect }) => effect !== "PreferNoSchedule",
  )
}

/**
 * The fewer matching pods in a node's domain the better. A domain of many counts more: with ln(n + 2) as weight, being
 * alone on one of 100 nodes and in one of 3 zones are comparable.
 */
function scoreBy(
  info: PodInfo,
  nodes: readonly NodeInfo[],
  constraints: readonly SpreadConstraint[],
  isDefault: boolean,
  context: CycleContext,
): { of: (node: NodeInfo) => number; normalize: (scores: number[]) => void } | undefined {
  const hasAllKeys = ({ node }: NodeInfo) =>
    constraints.every(({ topologyKey }) => node.metadata.labels?.[topologyKey] !== undefined)
  // Defaults are only a wish: nodes without zones are spread over as well.
  const ignored = (node: NodeInfo) => !isDefault && !hasAllKeys(node)
  const states = constraints.map((constraint) => {
    const domains = countDomains(info, constraint, isDefault ? [constraint] : constraints, context)
    const own = new Set(
      nodes
        .filter((node) => !ignored(node))
        .map(({ node }) => node.metadata.labels?.[constraint.topologyKey]),
    )
    return { constraint, domains, weight: Math.log(own.size + 2) }
  })
  const raw = (node: NodeInfo) => {
    let score = 0
    for (const { constraint, domains, weight } of states) {
      const value = node.node.metadata.labels?.[constraint.topologyKey]
      if (value !== undefined) score += (domains.get(value) ?? 0) * weight + (constraint.maxSkew - 1)
    }
    return Math.round(score)
  }
  // A node without a key the pod asked for is the worst of all.
  const unknown = Number.NaN
  return { of: (node) => (ignored(node) ? unknown : raw(node)), normalize: reverseByRange }
}

/** The least count becomes 100; nodes that are out of the reckoning become 0. */
function reverseByRange(scores: number[]): void {
  const valid = scores.filter((score) => !Number.isNaN(score))
  const least = Math.min(...valid)
  const greatest = Math.max(...valid)
  for (let index = 0; index < scores.length; index++) {
    const score = scores[index]!
    if (Number.isNaN(score)) scores[index] = 0
    else
      scores[index] =
        greatest === 0 ? maxScore : Math.floor((maxScore * (greatest + least - score)) / greatest)
  }
}
