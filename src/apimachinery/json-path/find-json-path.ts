import { isRecord } from "../schema-plan.ts"
import type { Operator, Step } from "./json-path.ts"

/** Every value that a path leads to, in order. What is missing on the way leads nowhere. */
export function findJsonPath(steps: readonly Step[], root: unknown): unknown[] {
  return follow(steps, [root], root)
}

function follow(steps: readonly Step[], values: readonly unknown[], root: unknown): unknown[] {
  return steps.reduce<unknown[]>(
    (found, step) => found.flatMap((value) => take(step, value, root)),
    [...values],
  )
}

function take(step: Step, value: unknown, root: unknown): unknown[] {
  switch (step.kind) {
    case "field":
      return isRecord(value) && Object.hasOwn(value, step.name) ? [value[step.name]] : []
    case "wildcard":
      return childrenOf(value)
    case "descend":
      return descend(value)
    case "index":
      return sliceOf(value, step.index, step.index === -1 ? undefined : step.index + 1, 1)
    case "slice":
      return sliceOf(value, step.from, step.to, step.step ?? 1)
    case "filter":
      return Array.isArray(value) ? value.filter((element) => holds(step, element, root)) : []
    case "union":
      return step.paths.flatMap((path) => follow(path, [value], root))
    case "current":
      return [value]
    case "root":
      return [root]
    case "literal":
      return [step.value]
  }
}

function childrenOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  if (!isRecord(value)) return []
  return Object.keys(value)
    .sort()
    .map((name) => value[name])
}

function descend(value: unknown): unknown[] {
  if (typeof value !== "object" || value === null) return []
  return [value, ...childrenOf(value).flatMap(descend)]
}

/** Negative bounds count from the end. */
function sliceOf(value: unknown, from = 0, to: number | undefined, step: number): unknown[] {
  if (!Array.isArray(value)) return []
  const elements = value.slice(from, to)
  return step > 1 ? elements.filter((_, index) => index % step === 0) : elements
}

function holds(filter: Extract<Step, { kind: "filter" }>, element: unknown, root: unknown): boolean {
  const left = follow(filter.left, [element], root)
  if (filter.operator === "exists") return left.length > 0
  const right = follow(filter.right, [element], root)
  if (left.length === 0 || right.length === 0) return false
  return compares(left[0], filter.operator, right[0])
}

function compares(left: unknown, operator: Operator, right: unknown): boolean {
  if (operator === "==") return left === right
  if (operator === "!=") return left !== right
  if (typeof left !== typeof right || (typeof left !== "number" && typeof left !== "string")) return false
  const other = right as typeof left
  switch (operator) {
    case "<":
      return left < other
    case ">":
      return left > other
    case "<=":
      return left <= other
    default:
      return left >= other
  }
}
