import { getMember } from "../../../apimachinery/schema-plan.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { labelValueProblems } from "../../../apimachinery/names.ts"
import type { LabelSelector } from "../../meta/v1/label-selector.ts"
import type { NodeSelectorTerm } from "../v1/node-selector.ts"

const useInstead = (since: string, label: string) => `deprecated since v${since}; use "${label}" instead`

/** Labels of nodes that have another name now, with what to say of them. */
export const deprecatedNodeLabels: Readonly<Record<string, string>> = {
  "beta.kubernetes.io/arch": useInstead("1.14", "kubernetes.io/arch"),
  "beta.kubernetes.io/os": useInstead("1.14", "kubernetes.io/os"),
  "failure-domain.beta.kubernetes.io/region": useInstead("1.17", "topology.kubernetes.io/region"),
  "failure-domain.beta.kubernetes.io/zone": useInstead("1.17", "topology.kubernetes.io/zone"),
  "beta.kubernetes.io/instance-type": useInstead("1.17", "node.kubernetes.io/instance-type"),
  "app.kubernetes.io/created-by": "deprecated since v1.9",
  "scheduler.alpha.kubernetes.io/preferAvoidPods":
    "deprecated since v1.22; use Taints and Tolerations instead",
  "node-role.kubernetes.io/master": 'use "node-role.kubernetes.io/control-plane" instead',
}

/** @param checksValues values that no label can have are no mistake here, but of no use */
export function* nodeSelectorTermWarnings(
  { matchExpressions = [] }: Pick<NodeSelectorTerm | LabelSelector, "matchExpressions">,
  path: FieldPath,
  checksValues = false,
): Iterable<string> {
  for (const [index, { key, values = [] }] of matchExpressions.entries()) {
    const at = path.child("matchExpressions").index(index)
    const text = getMember(deprecatedNodeLabels, key)
    if (text !== undefined) yield `${at.child("key")}: ${key} is ${text}`
    if (!checksValues) continue
    for (const [position, value] of values.entries()) {
      for (const problem of labelValueProblems(value)) {
        yield `${at.child("values").index(position)}: ${value} is invalid, ${problem}`
      }
    }
  }
}

/** For selectors of objects that might well be nodes. */
export function* labelSelectorWarnings(
  selector: LabelSelector | undefined,
  path: FieldPath,
): Iterable<string> {
  if (!selector) return
  yield* nodeSelectorTermWarnings(selector, path)
  for (const label of Object.keys(selector.matchLabels ?? {})) {
    const text = deprecatedNodeLabels[label]
    if (text !== undefined) yield `${path.child("matchLabels", label).toString()}: ${text}`
  }
}
