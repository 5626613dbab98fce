import { duplicateValue, invalidValue, requiredValue } from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { type Errors, labelSelector, oneOfIfSet, positive } from "../../validation/checks.ts"
import type { TopologySpreadConstraint } from "../v1/pod.ts"
import { validateMatchLabelKeys } from "./affinity.ts"

const nodePolicies = ["Honor", "Ignore"]

export function* validateTopologySpread(
  constraints: readonly TopologySpreadConstraint[],
  path: FieldPath,
): Errors {
  for (const [index, constraint] of constraints.entries()) {
    const at = path.index(index)
    const { maxSkew, topologyKey, whenUnsatisfiable } = constraint
    yield* positive(maxSkew, at.child("maxSkew"))
    if (!topologyKey) yield requiredValue(at.child("topologyKey"), "can not be empty")
    yield* oneOfIfSet(whenUnsatisfiable, at.child("whenUnsatisfiable"), ["DoNotSchedule", "ScheduleAnyway"])
    const isRepeated = constraints
      .slice(index + 1)
      .some((other) => other.topologyKey === topologyKey && other.whenUnsatisfiable === whenUnsatisfiable)
    if (isRepeated) {
      const pair = `{${topologyKey}, ${whenUnsatisfiable}}`
      yield duplicateValue(at.child("{topologyKey, whenUnsatisfiable}"), pair)
    }
    yield* minDomains(constraint, at.child("minDomains"))
    yield* oneOfIfSet(constraint.nodeAffinityPolicy, at.child("nodeAffinityPolicy"), nodePolicies)
    yield* oneOfIfSet(constraint.nodeTaintsPolicy, at.child("nodeTaintsPolicy"), nodePolicies)
    yield* validateMatchLabelKeys(constraint, at)
    yield* labelSelector(constraint.labelSelector, at.child("labelSelector"))
  }
}

function* minDomains(constraint: TopologySpreadConstraint, path: FieldPath): Errors {
  const { minDomains: least, whenUnsatisfiable } = constraint
  if (least === undefined) return
  yield* positive(least, path)
  if (whenUnsatisfiable === "DoNotSchedule") return
  const detail = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`
  yield invalidValue(path, least, detail)
}
