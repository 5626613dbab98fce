import { Node } from "../../api/core/v1/node.ts"
import type { NodeAffinity } from "../../api/core/v1/affinity.ts"
import { fitsNode, matchesAnyTerm, matchesTerm, namedNodes } from "../../api/core/v1/match-node-selector.ts"
import { hint, normalizeByGreatest, type Plugin, type Rejection, unresolvable } from "../framework.ts"
import { isChanged } from "../is-changed.ts"
import type { PodInfo } from "../pod-info.ts"

const noMatch: Rejection = unresolvable("node(s) didn't match Pod's node affinity/selector")
const notEnforced: Rejection = unresolvable("node(s) didn't match scheduler-enforced node affinity")

/** nodeSelector and node affinity, required and preferred. `added` holds for every pod of the profile. */
export function nodeAffinity(added?: NodeAffinity): Plugin {
  const addedTerms = added?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  const addedPreferences = added?.preferredDuringSchedulingIgnoredDuringExecution ?? []
  const fits = (info: PodInfo, node: Node | undefined) =>
    (!addedTerms || matchesAnyTerm(addedTerms, node!)) && matchesNodeSelection(info, node!)
  return {
    name: "NodeAffinity",
    filter(info) {
      if (!hasRequirements(info) && !addedTerms) return undefined
      const terms = requiredTerms(info)
      const onlyNodes = terms && namedNodes(terms)
      if (onlyNodes?.size === 0) return unresolvable("pod affinity terms conflict")
      return {
        ...(onlyNodes && { onlyNodes }),
        isLocal: true,
        check({ node }) {
          if (addedTerms && !matchesAnyTerm(addedTerms, node)) return notEnforced
          return matchesNodeSelection(info, node) ? undefined : noMatch
        },
      }
    },
    score({ pod }) {
      const own = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
      if (own.length + addedPreferences.length === 0) return undefined
      const preferred = [...own, ...addedPreferences]
      return {
        of: ({ node }) =>
          preferred.reduce(
            (sum, { weight, preference }) => sum + (matchesTerm(preference, node) ? weight : 0),
            0,
          ),
        normalize: (scores) => normalizeByGreatest(scores),
      }
    },
    hints: [
      hint(Node, "add", { mayHelp: fits }),
      hint(Node, "update", {
        concerns: (current, previous) => isChanged(current!.metadata.labels, previous!.metadata.labels),
        mayHelp: (info, current, previous) => fits(info, current) && !matchesNodeSelection(info, previous!),
      }),
    ],
  }
}

/** Whether the pod's nodeSelector and required node affinity allow this node. */
export function matchesNodeSelection(info: PodInfo, node: Node): boolean {
  return fitsNode(info.pod.spec, node)
}

export function hasRequirements(info: PodInfo): boolean {
  return Object.keys(info.pod.spec.nodeSelector ?? {}).length > 0 || requiredTerms(info) !== undefined
}

function requiredTerms({ pod }: PodInfo) {
  return pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
}
