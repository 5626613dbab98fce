import type { PodStatus } from "../../api/core/v1/pod.ts"
import { containerTypeLabels } from "../metrics/kubelet-metrics.ts"

/** As metrics label it: type of container, exit code, reason. */
export type Termination = readonly [containerType: string, exitCode: string, reason: string]

const lists = [
  ["initContainerStatuses", containerTypeLabels.init],
  ["containerStatuses", containerTypeLabels.main],
  ["ephemeralContainerStatuses", containerTypeLabels.ephemeral],
] as const

/** The containers that the later of two statuses of a pod shows terminated, and the earlier one does not. */
export function newTerminations(before: PodStatus, after: PodStatus): Termination[] {
  return lists.flatMap(([list, type]) => {
    const known = new Set(before[list]?.filter(({ state }) => state?.terminated).map(({ name }) => name))
    return (after[list] ?? []).flatMap(({ name, state }): Termination[] => {
      const ended = state?.terminated
      return ended && !known.has(name) ? [[type, String(ended.exitCode), ended.reason ?? ""]] : []
    })
  })
}
