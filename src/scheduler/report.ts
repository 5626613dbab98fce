import type { Clock } from "../base/clock.ts"
import { Pod } from "../api/core/v1/pod.ts"
import { keyOf } from "../apimachinery/meta.ts"
import { formatTime } from "../apimachinery/time.ts"
import { ignoreNotFound } from "../apimachinery/status-error.ts"
import type { Client } from "../client/client.ts"
import type { EventRecorder } from "../client/event-recorder.ts"
import type { PodInfo } from "./pod-info.ts"

interface Reporting {
  readonly client: Client
  readonly events: EventRecorder
  readonly clock: Clock
}

/** Says why a pod waits: in an event each time, in its PodScheduled condition when that changes. */
export async function reportUnschedulable(
  pod: Pod,
  message: string,
  { client, events, clock }: Reporting,
): Promise<void> {
  events.event(pod, "Warning", "FailedScheduling", message)
  const known = pod.status.conditions?.find(({ type }) => type === "PodScheduled")
  if (known?.status === "False" && known.reason === "Unschedulable" && known.message === message) return
  await patchCondition(client, pod, {
    type: "PodScheduled",
    status: "False",
    reason: "Unschedulable",
    message,
    observedGeneration: pod.metadata.generation,
    lastProbeTime: null,
    lastTransitionTime: known?.status === "False" ? known.lastTransitionTime : formatTime(clock.now()),
  }).catch(ignoreNotFound)
}

/** Tells others that room is being made for the pod there. */
export async function nominate(pod: Pod, nodeName: string, client: Client): Promise<void> {
  if (pod.status.nominatedNodeName === nodeName) return
  const patch = { type: "strategic", body: { status: { nominatedNodeName: nodeName } } } as const
  await client.patch(Pod, keyOf(pod), patch, { subresource: "status" }).catch(ignoreNotFound)
}

/** Evicts the victims, each told why. */
export async function preempt(
  victims: readonly PodInfo[],
  preemptor: Pod,
  nodeName: string,
  { client, events, clock, signal }: Reporting & { readonly signal: AbortSignal },
): Promise<void> {
  await Promise.all(
    victims.map(async ({ pod }) => {
      if (signal.aborted || pod.metadata.deletionTimestamp) return
      await patchCondition(client, pod, {
        type: "DisruptionTarget",
        status: "True",
        reason: "PreemptionByScheduler",
        message: `${preemptor.spec.schedulerName}: preempting to accommodate a higher priority pod`,
        observedGeneration: pod.metadata.generation,
        lastProbeTime: null,
        lastTransitionTime: formatTime(clock.now()),
      }).catch(ignoreNotFound)
      await client.delete(Pod, keyOf(pod), { preconditions: { uid: pod.metadata.uid } }).catch(ignoreNotFound)
      events.event(
        pod,
        "Normal",
        "Preempted",
        `Preempted by pod ${preemptor.metadata.uid} on node ${nodeName}`,
      )
    }),
  )
}

async function patchCondition(client: Client, pod: Pod, condition: Record<string, unknown>): Promise<void> {
  const patch = { type: "strategic", body: { status: { conditions: [condition] } } } as const
  await client.patch(Pod, keyOf(pod), patch, { subresource: "status" })
}
