import type { Node } from "../../api/core/v1/node.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { matchesLabels } from "../../apimachinery/labels.ts"
import { type HeldKind, wishesOf } from "../held-terms.ts"

// Whether what happened can help a pod that inter-pod affinity rejected. Which namespaces a selector means is not asked
// here: a pod that is tried once too often does no harm, one that is forgotten does.

type Wish = ReturnType<typeof wishesOf>[number]

const required = (pod: Pod, kind: HeldKind): readonly Wish[] =>
  wishesOf(pod).filter((wish) => wish.kind === kind)

/** One pod must match all of them. */
function meansAll(wishes: readonly Wish[], pod: Pod): boolean {
  return wishes.length > 0 && wishes.every((wish) => means(wish, pod))
}

function means({ declared, selector, namespace }: Wish, { metadata }: Pod): boolean {
  if (!matchesLabels(selector, metadata.labels)) return false
  if (declared.namespaceSelector) return true
  const { namespaces } = declared
  return namespaces?.length ? namespaces.includes(metadata.namespace ?? "") : namespace === metadata.namespace
}

/** It may be the one that the pod wants to be near. */
export function addedPodHelps(pod: Pod, added: Pod): boolean {
  return meansAll(required(pod, "requiredAffinity"), added)
}

/** It has become wanted, or is not unwanted any more. */
export function relabelledPodHelps(pod: Pod, current: Pod, previous: Pod): boolean {
  const near = required(pod, "requiredAffinity")
  const away = required(pod, "requiredAntiAffinity")
  return (
    (!meansAll(near, previous) && meansAll(near, current)) ||
    (meansAll(away, previous) && !meansAll(away, current))
  )
}

/** One of the two did not want the other. */
export function deletedPodHelps(pod: Pod, deleted: Pod): boolean {
  return (
    required(pod, "requiredAntiAffinity").some((wish) => means(wish, deleted)) ||
    required(deleted, "requiredAntiAffinity").some((wish) => means(wish, pod))
  )
}

/** It has come to another place, as far as the pod knows places. Who wants nothing itself may be unwanted anywhere. */
export function relabelledNodeHelps(pod: Pod, current: Node, previous: Node): boolean {
  const wishes = [...required(pod, "requiredAffinity"), ...required(pod, "requiredAntiAffinity")]
  if (wishes.length === 0) return true
  return wishes.some(({ declared: { topologyKey } }) => {
    return current.metadata.labels?.[topologyKey] !== previous.metadata.labels?.[topologyKey]
  })
}
