import type { Labels } from "../../../apimachinery/labels.ts"
import type { Node } from "./node.ts"
import type { NodeSelectorRequirement, NodeSelectorTerm } from "./node-selector.ts"
import type { PodSpec } from "./pod.ts"

/** Whether a pod's `nodeSelector` and required node affinity let it run on a node. */
export function fitsNode({ nodeSelector, affinity }: PodSpec, node: Node): boolean {
  for (const key in nodeSelector) if (labelOf(node.metadata.labels, key) !== nodeSelector[key]) return false
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return !required || matchesAnyTerm(required.nodeSelectorTerms ?? [], node)
}

/** Any term must match; a term without requirements matches nothing. */
export function matchesAnyTerm(terms: readonly NodeSelectorTerm[], node: Pick<Node, "metadata">): boolean {
  return terms.some((term) => matchesTerm(term, node))
}

/** All expressions and all fields must match. */
export function matchesTerm(
  { matchExpressions = [], matchFields = [] }: NodeSelectorTerm,
  node: Pick<Node, "metadata">,
): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false
  return (
    matchExpressions.every((requirement) =>
      meets(requirement, labelOf(node.metadata.labels, requirement.key)),
    ) && matchFields.every((requirement) => meets(requirement, fieldOf(node, requirement.key)))
  )
}

/** The node names that a term's fields leave over, when it is that specific (DaemonSet pods name their node so). */
export function namedNodes(terms: readonly NodeSelectorTerm[]): Set<string> | undefined {
  const names = new Set<string>()
  for (const term of terms) {
    const byName = term.matchFields?.filter(
      ({ key, operator }) => key === "metadata.name" && operator === "In",
    )
    if (!byName?.length) return undefined
    const [first, ...others] = byName.map(({ values }) => values ?? [])
    for (const name of first!) if (others.every((values) => values.includes(name))) names.add(name)
  }
  return names
}

function meets({ operator, values = [] }: NodeSelectorRequirement, value: string | undefined): boolean {
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value)
    case "NotIn":
      return value === undefined || !values.includes(value)
    case "Exists":
      return value !== undefined
    case "DoesNotExist":
      return value === undefined
    case "Gt":
      return value !== undefined && toInteger(value) > toInteger(values[0])
    case "Lt":
      return value !== undefined && toInteger(value) < toInteger(values[0])
    default:
      return false
  }
}

// NaN makes every comparison false, which is what a label that is no number means.
function toInteger(text: string | undefined): number {
  return /^[+-]?\d+$/.test(text ?? "") ? Number(text) : Number.NaN
}

// A label may be called like a member of every object.
function labelOf(labels: Labels | undefined, key: string): string | undefined {
  return labels && Object.hasOwn(labels, key) ? labels[key] : undefined
}

function fieldOf(node: Pick<Node, "metadata">, key: string): string | undefined {
  return key === "metadata.name" ? node.metadata.name : undefined
}
