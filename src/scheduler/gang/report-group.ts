import { PodGroup } from "../../api/scheduling/v1alpha2/pod-group.ts"
import { keyOf } from "../../apimachinery/meta.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import { formatTime } from "../../apimachinery/time.ts"
import type { SchedulerParts } from "../scheduler-parts.ts"

const conditionType = "PodGroupScheduled"

/** Says in the group's status how it went; a group that was scheduled once stays so. */
export async function reportGroup(
  group: PodGroup,
  scheduled: boolean,
  { client, clock, informers }: Pick<SchedulerParts, "client" | "clock" | "informers">,
): Promise<void> {
  const current = informers.cache.find(PodGroup, keyOf(group)) ?? group
  const known = current.status?.conditions?.find(({ type }) => type === conditionType)
  const status = scheduled ? "True" : "False"
  if (known && (known.status === "True" || known.status === status)) return
  const condition = {
    type: conditionType,
    status,
    reason: scheduled ? "Scheduled" : "Unschedulable",
    message: scheduled ? "" : "pod group is unschedulable",
    observedGeneration: current.metadata.generation,
    lastTransitionTime: formatTime(clock.now()),
  }
  const body = { metadata: { uid: group.metadata.uid }, status: { conditions: [condition] } }
  await client
    .patch(PodGroup, keyOf(group), { type: "strategic", body }, { subresource: "status" })
    .catch(ignoreNotFound)
}
