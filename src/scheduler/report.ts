import { Pod } from "../api/core/v1/pod.ts"
import { keyOf } from "../apimachinery/meta.ts"
import { formatTime } from "../apimachinery/time.ts"
import { ignoreNotFound } from "../apimachinery/status-error.ts"
import type { PodInfo } from "./pod-info.ts"
import { disruptionReason } from "./preemption/disruption.ts"
import type { SchedulerParts } from "./scheduler-parts.ts"

type Reporting = Pick<SchedulerParts, "client" | "events" | "clock" | "signal">

/** Events take this many bytes of a message. */
const maxEventMessage = 1024

/** Why a pod has no node yet. */
export interface SchedulingFailure {
  /** No node will do, or something went wrong on the way to one. */
  readonly reason: "Unschedulable" | "SchedulerError"
  readonly message: string
  /** Where room is being made for it; "" withdraws what was promised, undefined leaves it. */
  readonly nominated: string | undefined
}

/** Says why a pod waits: in an event each time, in its PodScheduled condition when that changes. */
export async function reportFailure(
  pod: Pod,
  { reason, message, nominated }: SchedulingFailure,
  { client, events, clock }: Reporting,
): Promise<void> {
  const note = truncate(message)
  events.record({ regarding: pod, type: "Warning", reason: "FailedScheduling", action: "Scheduling", note })
  const known = pod.status.conditions?.find(({ type }) => type === "PodScheduled")
  const isSaid = known?.status === "False" && known.reason === reason && known.message === message
  const isNominated = nominated === undefined || (pod.status.nominatedNodeName ?? "") === nominated
  if (isSaid && isNominated) return
  const condition = {
    type: "PodScheduled",
    status: "False",
    reason,
    message,
    observedGeneration: pod.metadata.generation,
    lastProbeTime: null,
    lastTransitionTime: known?.status === "False" ? known.lastTransitionTime : formatTime(clock.now()),
  }
  const status = {
    ...(isSaid ? {} : { conditions: [condition] }),
    ...(isNominated ? {} : { nominatedNodeName: nominated || null }),
  }
  await patchStatus(pod, status, client)
}

/** Says where the pod is going to be, for whoever makes nodes; "" takes it back. */
export async function reportNomination(pod: Pod, nodeName: string, { client }: Reporting): Promise<void> {
  if ((pod.status.nominatedNodeName ?? "") === nodeName) return
  await patchStatus(pod, { nominatedNodeName: nodeName || null }, client)
}

/** Evicts the victims, each told why. */
export async function preempt(
  victims: readonly PodInfo[],
  preemptor: Pod,
  nodeName: string,
  parts: Reporting,
): Promise<void> {
  await Promise.all(
    victims.map(async ({ pod }) => {
      if (parts.signal().aborted || pod.metadata.deletionTimestamp) return
      await evict(pod, preemptor, parts)
      const note = `Preempted by pod ${preemptor.metadata.uid} on node ${nodeName}`
      const said = { type: "Normal", reason: "Preempted", action: "Preempting", note } as const
      parts.events.record({ regarding: pod, related: preemptor, ...said })
    }),
  )
}

async function evict(pod: Pod, preemptor: Pod, { client, clock }: Reporting): Promise<void> {
  const condition = {
    type: "DisruptionTarget",
    status: "True",
    reason: disruptionReason,
    message: `${preemptor.spec.schedulerName}: preempting to accommodate a higher priority pod`,
    observedGeneration: pod.metadata.generation,
    lastProbeTime: null,
    lastTransitionTime: formatTime(clock.now()),
  }
  await patchStatus(pod, { conditions: [condition] }, client)
  await client.delete(Pod, keyOf(pod), { preconditions: { uid: pod.metadata.uid } }).catch(ignoreNotFound)
}

/** The uid keeps a pod of the same name that came after it from being meant. */
async function patchStatus(pod: Pod, status: object, client: Reporting["client"]): Promise<void> {
  const patch = { type: "strategic", body: { metadata: { uid: pod.metadata.uid }, status } } as const
  await client.patch(Pod, keyOf(pod), patch, { subresource: "status" }).catch(ignoreNotFound)
}

function truncate(message: string): string {
  const suffix = " ..."
  return message.length <= maxEventMessage
    ? message
    : message.slice(0, maxEventMessage - suffix.length) + suffix
}
