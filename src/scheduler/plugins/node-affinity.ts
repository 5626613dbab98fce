import { Node } from "../../api/core/v1/node.ts"
import { fitsNode, matchesTerm, namedNodes } from "../../api/core/v1/match-node-selector.ts"
import { hint, normalizeByGreatest, type Plugin, type Rejection, unresolvable } from "../framework.ts"
import type { PodInfo } from "../pod-info.ts"
import { isChanged } from "../is-changed.ts"

const noMatch: Rejection = unresolvable("node(s) didn't match Pod's node affinity/selector")

/** nodeSelector and node affinity, required and preferred. */
export const nodeAffinity: Plugin = {
  name: "NodeAffinity",
  filter: (info) => {
    if (!hasRequirements(info)) return undefined
    const terms = requiredTerms(info)
    const onlyNodes = terms && namedNodes(terms)
    if (onlyNodes?.size === 0) return unresolvable("pod affinity terms conflict")
    return {
      ...(onlyNodes && { onlyNodes }),
      check: ({ node }) => (matchesNodeSelection(info, node) ? undefined : noMatch),
    }
  },
  score: ({ pod }) => {
    const preferred = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution
    if (!preferred?.length) return undefined
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
    hint(Node, "add", { mayHelp: (pod, node) => matchesNodeSelection(pod, node!) }),
    hint(Node, "update", {
      concerns: (current, previous) => isChanged(current!.metadata.labels, previous!.metadata.labels),
      mayHelp: (pod, node) => matchesNodeSelection(pod, node!),
    }),
  ],
}

/** Whether the pod's nodeSelector and required node affinity allow this node. */
export function matchesNodeSelection(info: PodInfo, node: Node): boolean {
  return fitsNode(info.pod.spec, node)
}

function hasRequirements(info: PodInfo): boolean {
  return Object.keys(info.pod.spec.nodeSelector ?? {}).length > 0 || requiredTerms(info) !== undefined
}

function requiredTerms({ pod }: PodInfo) {
  return pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
}
