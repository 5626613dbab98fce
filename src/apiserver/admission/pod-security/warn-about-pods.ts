import type { Pod } from "../../../api/core/v1/pod.ts"
import { judgePod } from "./judge-pod.ts"
import { formatStandard, type Standard } from "./policy.ts"

const maxPods = 3000

/** What to tell somebody who makes a namespace stricter about the pods that are there and would not be let in any more. */
export function warnAboutPods(namespace: string, pods: readonly Pod[], standard: Standard): string[] {
  const checked = oneOfEachFirst(pods).slice(0, maxPods)
  const namesByReason = new Map<string, string[]>()
  for (const pod of checked) {
    const reason = judgePod(pod, standard)
      .map((violation) => violation.reason)
      .join(", ")
    if (reason) namesByReason.set(reason, [...(namesByReason.get(reason) ?? []), pod.metadata.name ?? ""])
  }
  return [
    ...(checked.length < pods.length
      ? [
          `new PodSecurity enforce level only checked against the first ${checked.length} of ${pods.length} existing pods`,
        ]
      : []),
    ...(namesByReason.size > 0
      ? [
          `existing pods in namespace "${namespace}" violate the new PodSecurity enforce level "${formatStandard(standard)}"`,
        ]
      : []),
    ...[...namesByReason].map(([reason, names]) => `${describeNames(names)}: ${reason}`).toSorted(),
  ]
}

/** The pods of one controller are alike; look at each kind before looking at more of the same. */
function oneOfEachFirst(pods: readonly Pod[]): Pod[] {
  const seen = new Set<string>()
  const first: Pod[] = []
  const more: Pod[] = []
  for (const pod of pods) {
    const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller)?.uid
    if (owner !== undefined && seen.has(owner)) more.push(pod)
    else first.push(pod)
    if (owner !== undefined) seen.add(owner)
  }
  return [...first, ...more]
}

function describeNames(names: readonly string[]): string {
  const first = names.toSorted()[0]!
  const others = names.length - 1
  if (others === 0) return first
  return `${first} (and ${others} other ${others === 1 ? "pod" : "pods"})`
}
