import type {
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
} from "../../api/core/v1/node-selector.ts"
import type { Node } from "../../api/core/v1/node.ts"
import type { PodSpec } from "../../api/core/v1/pod.ts"

/** Whether a pod's `nodeSelector` and required node affinity let it run on a node. */
export function fitsNode(spec: PodSpec, node: Node): boolean {
  const labels = node.metadata.labels ?? {}
  const selected = Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value)
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return selected && (!required || matchesNodeSelector(required, node))
}

/** One of the terms must hold; a term without requirements holds for no node. */
export function matchesNodeSelector({ nodeSelectorTerms }: NodeSelector, node: Node): boolean {
  return (nodeSelectorTerms ?? []).some((term) => matchesTerm(term, node))
}

function matchesTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: Node): boolean {
  if (matchExpressions.length === 0 && matchFields.length === 0) return false
  const { labels = {}, name } = node.metadata
  return (
    matchExpressions.every((one) =>
      meets(one, Object.hasOwn(labels, one.key) ? labels[one.key] : undefined),
    ) && matchFields.every((one) => one.key === "metadata.name" && meets(one, name))
  )
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
    case "Lt":
      return compares(operator, value, values[0])
    default:
      return false
  }
}

function compares(operator: "Gt" | "Lt", value: string | undefined, bound: string | undefined): boolean {
  const integer = /^[+-]?[0-9]+$/
  if (value === undefined || bound === undefined || !integer.test(value) || !integer.test(bound)) return false
  return operator === "Gt" ? Number(value) > Number(bound) : Number(value) < Number(bound)
}
