import { Node } from "../../api/core/v1/node.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { hint, type Plugin, unresolvable } from "../framework.ts"
import { isChanged } from "../is-changed.ts"

const lacking = unresolvable("node(s) didn't match Pod's required features")

/** What of a pod asks for a feature that not every node of every version has, by the name under which nodes declare it. */
const needs: Readonly<Record<string, (spec: Pod["spec"]) => boolean>> = {
  RestartAllContainersOnContainerExits: ({ containers, initContainers = [] }) =>
    [...containers, ...initContainers].some(({ restartPolicyRules }) =>
      restartPolicyRules?.some(({ action }) => action === "RestartAllContainers"),
    ),
  UserNamespacesHostNetworkSupport: ({ hostNetwork, hostUsers }) =>
    hostNetwork === true && hostUsers === false,
}

/**
 * Pods go to nodes that say they can do what the pods need: nodes may be older than the control plane
 * (https://kubernetes.io/docs/concepts/scheduling-eviction/node-declared-features/).
 */
export const nodeDeclaredFeatures: Plugin = {
  name: "NodeDeclaredFeatures",
  filter({ pod }) {
    const needed = Object.keys(needs).filter((feature) => needs[feature]!(pod.spec))
    if (needed.length === 0) return undefined
    return {
      check: ({ node }) =>
        needed.every((feature) => node.status.declaredFeatures?.includes(feature)) ? undefined : lacking,
    }
  },
  hints: [
    hint(Node, "add"),
    hint(Node, "update", {
      concerns: (current, previous) =>
        isChanged(current!.status.declaredFeatures, previous!.status.declaredFeatures),
    }),
  ],
}
