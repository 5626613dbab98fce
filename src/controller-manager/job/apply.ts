import type { Job } from "../../api/batch/v1/job.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { keyOf } from "../../apimachinery/meta.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import type { Client } from "../../client/client.ts"
import type { ReconcileContext } from "../../client/controller.ts"
import { isNamespaceTerminating } from "../../client/is-namespace-terminating.ts"
import { createPod, deletePod } from "../shared/pod-control.ts"
import { slowStart } from "../shared/slow-start.ts"
import { isTracked, newJobPod, trackingFinalizer } from "./job-pods.ts"
import type { PodPlan } from "./plan.ts"

/** What came of a plan: the status counts it, without waiting to see it. */
export interface PodChanges {
  readonly created: number
  /** Pods that could not be created. */
  readonly refused: number
  readonly deleted: readonly Pod[]
  /** The first, if any: the status is reported all the same. */
  readonly error: unknown
}

const noChanges: PodChanges = { created: 0, refused: 0, deleted: [], error: undefined }

export async function applyPodPlan(context: ReconcileContext, job: Job, plan: PodPlan): Promise<PodChanges> {
  switch (plan.kind) {
    case "none":
    case "wait":
      return noChanges
    case "end":
      return deleteAll(plan.pods, (pod) => deletePod(context, job, pod))
    case "remove":
      return deleteAll(plan.pods, async (pod) => {
        await releasePod(context.client, pod)
        await deletePod(context, job, pod)
      })
    case "create": {
      const { succeeded, failed, error } = await slowStart(plan.slots.length, (index) =>
        createPod(context, job, newJobPod(job, plan.slots[index]!)),
      )
      const isExpected = isNamespaceTerminating(error)
      return { created: succeeded, refused: failed, deleted: [], error: isExpected ? undefined : error }
    }
  }
}

async function deleteAll(pods: readonly Pod[], act: (pod: Pod) => Promise<void>): Promise<PodChanges> {
  const results = await Promise.allSettled(pods.map(act))
  const deleted = pods.filter((_, index) => results[index]!.status === "fulfilled")
  const error: unknown = results.find((result) => result.status === "rejected")?.reason
  return { created: 0, refused: 0, deleted, error }
}

/** Takes their finalizers away. Throws when one could not be; the rest is done all the same. */
export async function releasePods(client: Client, pods: readonly Pod[]): Promise<void> {
  const error = await firstError(pods.map((pod) => releasePod(client, pod)))
  if (error !== undefined) throw error
}

async function releasePod(client: Client, pod: Pod): Promise<void> {
  if (!isTracked(pod)) return
  const body = { metadata: { "$deleteFromPrimitiveList/finalizers": [trackingFinalizer] } }
  await client.patch(Pod, keyOf(pod), { type: "strategic", body }).catch(ignoreNotFound)
}

async function firstError(actions: readonly Promise<unknown>[]): Promise<unknown> {
  const results = await Promise.allSettled(actions)
  return results.find((result) => result.status === "rejected")?.reason
}
