import type { Node } from "../../api/core/v1/node.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { type Labels, matchesLabels } from "../../apimachinery/labels.ts"
import { isChanged } from "../is-changed.ts"
import { type SpreadConstraint, spreadConstraints } from "./spread-constraints.ts"

// Whether what happened can help a pod that its spread constraints rejected. A pod without constraints of its own was
// rejected by those of a configuration, which mean whom they mean: everything may help it.

function hard(pod: Pod): readonly SpreadConstraint[] | undefined {
  return pod.spec.topologySpreadConstraints?.length ? spreadConstraints(pod, "DoNotSchedule") : undefined
}

/** A pod came or went: it may be one of those among whom the pod is spread. */
export function podHelps(pod: Pod, other: Pod): boolean {
  if (pod.metadata.namespace !== other.metadata.namespace) return false
  return hard(pod)?.some(({ selector }) => matchesLabels(selector, other.metadata.labels)) ?? true
}

/** It has become one of those, or is none any more. */
export function relabelledPodHelps(pod: Pod, current: Pod, previous: Pod): boolean {
  if (pod.metadata.namespace !== current.metadata.namespace) return false
  const isMeant = ({ selector }: SpreadConstraint, { metadata }: Pod) =>
    matchesLabels(selector, metadata.labels)
  return hard(pod)?.some((each) => isMeant(each, current) !== isMeant(each, previous)) ?? true
}

/** A node came or went: it may be in a domain. */
export function nodeHelps(pod: Pod, { metadata }: Node): boolean {
  const constraints = hard(pod)
  return !constraints || isInDomains(metadata.labels, constraints)
}

/** It went into domains, or out of them, or counts otherwise there. */
export function changedNodeHelps(pod: Pod, current: Node, previous: Node): boolean {
  const constraints = hard(pod)
  if (!constraints) return true
  const { labels } = current.metadata
  const before = previous.metadata.labels
  const isIn = isInDomains(labels, constraints)
  if (isIn !== isInDomains(before, constraints)) return true
  return (
    isIn &&
    (constraints.some(({ topologyKey }) => labels?.[topologyKey] !== before?.[topologyKey]) ||
      isChanged(current.spec.taints, previous.spec.taints))
  )
}

function isInDomains(labels: Labels | undefined, constraints: readonly SpreadConstraint[]): boolean {
  return constraints.every(({ topologyKey }) => labels?.[topologyKey] !== undefined)
}
