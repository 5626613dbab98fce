import { Pod } from "../../api/core/v1/pod.ts"
import { PodGroup } from "../../api/scheduling/v1alpha2/pod-group.ts"
import type { Cache } from "../../client/cache.ts"
import { hint, type Plugin } from "../framework.ts"

/** Pods by the group that they are scheduled with, for `cache.byIndex`: "namespace/group". */
const byGroup = "schedulingGroup"

/**
 * Pods of a gang wait until there are enough of them to begin with; then they are placed together (../gang/).
 * https://github.com/kubernetes/enhancements/tree/master/keps/sig-scheduling/4671-gang-scheduling
 */
export const gangScheduling: Plugin = {
  name: "GangScheduling",
  attach(informers) {
    informers.for(PodGroup)
    informers.addIndex(Pod, byGroup, (pod) => {
      const key = groupKey(pod)
      return key ? [key] : []
    })
  },
  gate({ pod }, cache) {
    const name = groupNameOf(pod)
    if (!name) return undefined
    const group = podGroupOf(pod, cache)
    if (!group) return `waiting for pods's pod group "${name}" to appear in scheduling queue`
    const minCount = group.spec.schedulingPolicy.gang?.minCount
    if (minCount === undefined || membersOf(pod, cache).length >= minCount) return undefined
    return "waiting for minCount pods from a gang to appear in scheduling queue"
  },
  hints: [
    hint(Pod, "appear", { mayHelp: ({ pod }, other) => isTogether(pod, other!) }),
    hint(Pod, "add", { mayHelp: ({ pod }, other) => isTogether(pod, other!) }),
    hint(PodGroup, "add", { mayHelp: ({ pod }, group) => isOf(pod, group!) }),
  ],
}

export function podGroupOf(pod: Pod, cache: Cache): PodGroup | undefined {
  const name = groupNameOf(pod)
  return name ? cache.find(PodGroup, { namespace: pod.metadata.namespace, name }) : undefined
}

/** All pods of its group, wherever they are. */
export function membersOf(pod: Pod, cache: Cache): readonly Pod[] {
  return cache.byIndex(Pod, byGroup, groupKey(pod) ?? "")
}

function groupNameOf({ spec }: Pod): string | undefined {
  return spec.schedulingGroup?.podGroupName || undefined
}

function groupKey(pod: Pod): string | undefined {
  const name = groupNameOf(pod)
  return name && `${pod.metadata.namespace}/${name}`
}

function isTogether(pod: Pod, other: Pod): boolean {
  return pod.spec.schedulingGroup !== undefined && groupKey(pod) === groupKey(other)
}

function isOf(pod: Pod, { metadata }: PodGroup): boolean {
  return groupNameOf(pod) === metadata.name && pod.metadata.namespace === metadata.namespace
}
