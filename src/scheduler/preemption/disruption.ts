import type { Pod } from "../../api/core/v1/pod.ts"

export const disruptionReason = "PreemptionByScheduler"

/** A victim on its way out. */
export function isTerminatingByPreemption({ metadata, status }: Pod): boolean {
  return (
    metadata.deletionTimestamp !== undefined &&
    (status.conditions ?? []).some(
      ({ type, status: value, reason }) =>
        type === "DisruptionTarget" && value === "True" && reason === disruptionReason,
    )
  )
}
