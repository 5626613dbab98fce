import { Node } from "../../api/core/v1/node.ts"
import { Pod, type TopologySpreadConstraint } from "../../api/core/v1/pod.ts"
import { matchesLabels } from "../../apimachinery/labels.ts"
import {
  type CycleContext,
  type Hint,
  hint,
  maxScore,
  type Plugin,
  type Rejection,
  resolvable,
  unresolvable,
} from "../framework.ts"
import type { LabelReader } from "../label-columns.ts"
import type { NodeInfo } from "../node-info.ts"
import type { PodInfo } from "../pod-info.ts"
import {
  defaultConstraints,
  listedConstraints,
  type SpreadConstraint,
  spreadConstraints,
} from "./spread-constraints.ts"
import { countDomains, type Domains } from "./spread-domains.ts"
import { changedNodeHelps, nodeHelps, podHelps, relabelledPodHelps } from "./spread-hints.ts"
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

/** A constraint with what it comes to now. */
interface Counted {
  readonly constraint: SpreadConstraint
  readonly domainOf: LabelReader
  readonly domains: Domains
  readonly least: number
  /** 1 if the pod itself is one of those it is spread among. */
  readonly self: number
}

/** `defaults` are for pods that declare nothing. @default a wish to spread over nodes and zones */
export function podTopologySpread(defaults?: readonly TopologySpreadConstraint[]): Plugin {
  return {
    name: "PodTopologySpread",
    filter(info, context) {
      const constraints = constraintsOf(info, "DoNotSchedule", defaults, context)
      if (constraints.length === 0) return undefined
      const states = constraints.map((constraint): Counted => {
        const domains = countDomains(info, constraint, constraints, context)
        const self = matchesLabels(constraint.selector, info.pod.metadata.labels) ? 1 : 0
        const domainOf = context.view.labelReader(constraint.topologyKey)
        return { constraint, domainOf, domains, least: leastOf(domains, constraint), self }
      })
      return {
        check(node) {
          for (const state of states) {
            const rejection = judge(info, node, state)
            if (rejection) return rejection
          }
          return undefined
        },
      }
    },
    score(info, nodes, context) {
      const declares = info.pod.spec.topologySpreadConstraints?.length
      const constraints = constraintsOf(info, "ScheduleAnyway", defaults, context)
      if (constraints.length === 0) return undefined
      return scoreBy(info, nodes, constraints, !declares && !defaults, context)
    },
    hints,
  }
}

function constraintsOf(
  { pod }: PodInfo,
  action: "DoNotSchedule" | "ScheduleAnyway",
  defaults: readonly TopologySpreadConstraint[] | undefined,
  { cache }: CycleContext,
): SpreadConstraint[] {
  if (pod.spec.topologySpreadConstraints?.length) return spreadConstraints(pod, action)
  if (defaults) return listedConstraints(defaults, pod, action, cache)
  return action === "ScheduleAnyway" ? defaultConstraints(pod, cache) : []
}

const hints: Hint[] = [
  hint(Pod, "add", { mayHelp: ({ pod }, added) => podHelps(pod, added!) }),
  hint(Pod, "update", {
    concerns: (current, previous) => isChanged(current!.metadata.labels, previous!.metadata.labels),
    mayHelp: ({ pod }, current, previous) => relabelledPodHelps(pod, current!, previous!),
  }),
  hint(Pod, "delete", { mayHelp: ({ pod }, _current, gone) => podHelps(pod, gone!) }),
  hint(Node, "add", { mayHelp: ({ pod }, added) => nodeHelps(pod, added!) }),
  hint(Node, "delete", { mayHelp: ({ pod }, _current, gone) => nodeHelps(pod, gone!) }),
  hint(Node, "update", {
    concerns: (current, previous) =>
      isChanged(current!.metadata.labels, previous!.metadata.labels) ||
      isChanged(current!.spec.taints, previous!.spec.taints),
    mayHelp: ({ pod }, current, previous) => changedNodeHelps(pod, current!, previous!),
  }),
]

function judge(
  info: PodInfo,
  node: NodeInfo,
  { constraint, domainOf, domains, least, self }: Counted,
): Rejection | undefined {
  const value = domainOf(node)
  if (value === undefined) return rules.label
  let there = domains.counts.get(value) ?? 0
  let lowest = least
  if (node.original) {
    const { added, removed } = node.changes()
    const counts = (other: PodInfo) => isCounted(other.pod, info.pod, constraint)
    const change = added.filter(counts).length - removed.filter(counts).length
    there += change
    // What was thought away may have been in the domain that had fewest.
    if (change < 0) lowest = Math.min(least, there)
  }
  return there + self - lowest > constraint.maxSkew ? rules.skew : undefined
}

function isCounted(other: Pod, pod: Pod, { selector }: SpreadConstraint): boolean {
  const { namespace, labels, deletionTimestamp } = other.metadata
  return namespace === pod.metadata.namespace && !deletionTimestamp && matchesLabels(selector, labels)
}

/** With fewer domains than asked for, one more with no pods is imagined. */
function leastOf({ counts, names }: Domains, { minDomains }: SpreadConstraint): number {
  if (names.size < minDomains) return 0
  let least = Number.POSITIVE_INFINITY
  for (const name of names.keys()) {
    const count = counts.get(name) ?? 0
    if (count < least) least = count
    if (least === 0) return 0
  }
  return least
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
  const readers = constraints.map(({ topologyKey }) => context.view.labelReader(topologyKey))
  // Defaults are only a wish: nodes without zones are spread over as well.
  const ignored = (node: NodeInfo) => !isDefault && readers.some((domainOf) => domainOf(node) === undefined)
  const states = constraints.map((constraint, index) => {
    const domainOf = readers[index]!
    const domains = countDomains(info, constraint, isDefault ? [constraint] : constraints, context)
    const own = new Set(nodes.filter((node) => !ignored(node)).map(domainOf))
    return { constraint, domainOf, domains, weight: Math.log(own.size + 2) }
  })
  const raw = (node: NodeInfo) => {
    let score = 0
    for (const { constraint, domainOf, domains, weight } of states) {
      const value = domainOf(node)
      if (value !== undefined) score += (domains.counts.get(value) ?? 0) * weight + (constraint.maxSkew - 1)
    }
    return Math.round(score)
  }
  // A node without a key the pod asked for is the worst of all.
  const unknown = Number.NaN
  return { of: (node) => (ignored(node) ? unknown : raw(node)), normalize: reverseByRange }
}

/** The least count becomes 100; nodes that are out of the reckoning become 0. */
function reverseByRange(scores: number[]): void {
  let least = Number.POSITIVE_INFINITY
  let greatest = Number.NEGATIVE_INFINITY
  for (const score of scores) {
    if (score < least) least = score
    if (score > greatest) greatest = score
  }
  for (let index = 0; index < scores.length; index++) {
    const score = scores[index]!
    if (Number.isNaN(score)) scores[index] = 0
    else
      scores[index] =
        greatest === 0 ? maxScore : Math.floor((maxScore * (greatest + least - score)) / greatest)
  }
}
