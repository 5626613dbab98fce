import { parseDuration } from "../../apimachinery/duration.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type {
  KubeletConfiguration,
  ShutdownGracePeriodByPodPriority,
} from "../configuration/kubelet-configuration.ts"

const systemCriticalPriority = 2_000_000_000

/** How long pods of a priority, and above, get to end when the machine goes down. */
export type ShutdownPeriod = ShutdownGracePeriodByPodPriority

/** The periods one after the other, the least important pods first; none: nobody waits for pods. */
export function shutdownPeriods({
  shutdownGracePeriod,
  shutdownGracePeriodCriticalPods,
  shutdownGracePeriodByPodPriority: byPriority = [],
}: ShutdownSettings): readonly ShutdownPeriod[] {
  if (byPriority.length > 0) return byPriority.toSorted((a, b) => a.priority - b.priority)
  const all = parseDuration(shutdownGracePeriod) / 1000
  const critical = parseDuration(shutdownGracePeriodCriticalPods) / 1000
  if (all === 0 || critical > all) return []
  return [
    { priority: 0, shutdownGracePeriodSeconds: Math.floor(all - critical) },
    { priority: systemCriticalPriority, shutdownGracePeriodSeconds: Math.floor(critical) },
  ]
}

type ShutdownSettings = Pick<
  KubeletConfiguration,
  "shutdownGracePeriod" | "shutdownGracePeriodCriticalPods" | "shutdownGracePeriodByPodPriority"
>

export interface ShutdownGroup extends ShutdownPeriod {
  readonly pods: readonly Pod[]
}

/**
 * Who ends in which period: the one of the highest priority that is not above the pod's; pods below all of them end with
 * the first. Periods without pods are left out: nobody waits in them. `periods` are as `shutdownPeriods` gives them.
 *
 * With periods for 0, 1000 and 2000 a pod of priority 1500 ends with 1000's, and one of -5 with 0's.
 */
export function groupForShutdown(
  periods: readonly ShutdownPeriod[],
  pods: readonly Pod[],
): readonly ShutdownGroup[] {
  const periodOf = ({ spec }: Pod) =>
    periods.findLast(({ priority }) => priority <= (spec.priority ?? 0)) ?? periods[0]
  return periods
    .map((period) => ({ ...period, pods: pods.filter((pod) => periodOf(pod) === period) }))
    .filter((group) => group.pods.length > 0)
}

/** A pod has at most what its group has. */
export function shutdownGraceSeconds({ spec }: Pod, { shutdownGracePeriodSeconds }: ShutdownPeriod): number {
  return Math.min(spec.terminationGracePeriodSeconds ?? Number.POSITIVE_INFINITY, shutdownGracePeriodSeconds)
}
