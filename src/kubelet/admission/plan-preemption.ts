import type { Pod } from "../../api/core/v1/pod.ts"
import { isCritical } from "../eviction/rank-pods.ts"
import { qosClassOf } from "../status/qos-class.ts"
import { findShortage, type NodeOfPod } from "./admit-pod.ts"

/**
 * Which pods make room for a critical one: as few as it takes, of the lowest quality of service first, the least important
 * of each first. Undefined when all of them would not be enough. Pure.
 */
export function planPreemption(
  pod: Pod,
  others: readonly Pod[],
  node: Pick<NodeOfPod, "allocatable">,
): readonly Pod[] | undefined {
  const candidates = others.filter((other) => mayPreempt(pod, other)).sort(byRight)
  const staying = (victims: readonly Pod[]) => others.filter((other) => !victims.includes(other))
  const fitsWithout = (victims: readonly Pod[]) => !findShortage(pod, staying(victims), node)
  const count = candidates.findIndex((_, index) => fitsWithout(candidates.slice(0, index + 1)))
  if (count < 0) return undefined
  const enough: readonly Pod[] = candidates.slice(0, count + 1)
  // Whom the last one made superfluous may stay.
  return enough.reduce((victims, each) => {
    const fewer = victims.filter((victim) => victim !== each)
    return fitsWithout(fewer) ? fewer : victims
  }, enough)
}

function mayPreempt(pod: Pod, other: Pod): boolean {
  if (!isCritical(pod)) return false
  return !isCritical(other) || (pod.spec.priority ?? 0) > (other.spec.priority ?? 0)
}

const classes = ["BestEffort", "Burstable", "Guaranteed"]

function byRight(a: Pod, b: Pod): number {
  const quality = (pod: Pod) => classes.indexOf(qosClassOf(pod))
  return quality(a) - quality(b) || (a.spec.priority ?? 0) - (b.spec.priority ?? 0)
}
