import {
  type Labels,
  type LabelSelectorObject,
  matchesLabels,
  type Selector,
  selectorFromObject,
} from "../../apimachinery/labels.ts"
import type { NetworkPolicyPeer } from "../../api/networking/v1/network-policy.ts"
import type { PolicyPod } from "./policy-pod.ts"

/** Who a rule is about; cluster-wide policies also name nodes. */
export interface PolicyPeer extends NetworkPolicyPeer {
  readonly nodeSelector?: LabelSelectorObject
}

/** Nodes are members of sets like pods, in a namespace that no pod is in. */
export const nodesNamespace = "(nodes)"

/** The pods that a peer of a policy means. Equal selectors have equal keys, whatever policies they are in. */
export interface PeerSelector {
  readonly key: string
  matches(pod: PolicyPod, namespaceLabels: Labels | undefined): boolean
}

/** For a peer that is no ipBlock. Without a namespaceSelector it means pods of the policy's own namespace. */
export function peerSelector(peer: PolicyPeer, policyNamespace: string): PeerSelector {
  if (peer.nodeSelector) {
    const nodes = selectorFromObject(peer.nodeSelector)
    return {
      key: JSON.stringify([nodesNamespace, canonical(peer.nodeSelector)]),
      matches: (pod) => pod.namespace === nodesNamespace && matchesLabels(nodes, pod.labels),
    }
  }
  const pods = peer.podSelector && selectorFromObject(peer.podSelector)
  if (!peer.namespaceSelector) {
    return {
      key: JSON.stringify([policyNamespace, canonical(peer.podSelector)]),
      matches: (pod) => pod.namespace === policyNamespace && matchesOptional(pods, pod.labels),
    }
  }
  const namespaces = selectorFromObject(peer.namespaceSelector)
  return {
    key: JSON.stringify([{}, canonical(peer.namespaceSelector), canonical(peer.podSelector)]),
    // A namespace that nobody knows has no labels that could match, not even none.
    matches: (pod, namespaceLabels) =>
      namespaceLabels !== undefined &&
      matchesLabels(namespaces, namespaceLabels) &&
      matchesOptional(pods, pod.labels),
  }
}

function matchesOptional(selector: Selector | undefined, labels: Labels): boolean {
  return !selector || matchesLabels(selector, labels)
}

/** The same selector written in another order is the same. */
function canonical(selector: LabelSelectorObject | undefined): unknown {
  if (!selector) return null
  const labels = Object.entries(selector.matchLabels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  const expressions = (selector.matchExpressions ?? [])
    .map(({ key, operator, values }) => JSON.stringify([key, operator, (values ?? []).toSorted()]))
    .toSorted()
  return [labels, expressions]
}
