/**
 * TTL after finished: a Job that asks for it is deleted some time after it has finished, with all that it owns.
 *
 * Reads and deletes Jobs. Woken by changes of Jobs, and when one's time is over.
 */
import { Job } from "../../api/batch/v1/job.ts"
import { keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  requeueAfter,
  type Result,
  watch,
} from "../../client/controller.ts"

export const ttlAfterFinishedController: ControllerDefinition = {
  name: "ttl-after-finished-controller",
  watches: [watch(Job, (job) => (expiresAtMs(job) === undefined ? [] : [keyOf(job)]))],
  reconcile,
}

async function reconcile(key: ObjectKey, { client, cache, clock }: ReconcileContext): Promise<Result> {
  const cached = cache.find(Job, key)
  if (leftMs(cached, clock.now()) === undefined) return done
  // The cache may not know yet that somebody lengthened its time: the server does.
  const job = await client.get(Job, key).catch(ignoreNotFound)
  const left = leftMs(job, clock.now())
  if (!job || left === undefined) return done
  if (left > 0) return requeueAfter(left)
  const { uid, resourceVersion } = job.metadata
  await client
    .delete(Job, key, { propagationPolicy: "Foreground", preconditions: { uid, resourceVersion } })
    .catch(ignoreNotFound)
  return done
}

function leftMs(job: Job | undefined, nowMs: number): number | undefined {
  const atMs = job && !job.metadata.deletionTimestamp ? expiresAtMs(job) : undefined
  return atMs === undefined ? undefined : atMs - nowMs
}

/** Undefined for a Job that has not finished or is to stay. */
function expiresAtMs({ spec, status }: Job): number | undefined {
  if (spec.ttlSecondsAfterFinished === undefined) return undefined
  const finished = status.conditions?.find(
    ({ type, status: is }) => (type === "Complete" || type === "Failed") && is === "True",
  )
  const since = finished?.lastTransitionTime
  return since ? Date.parse(since) + spec.ttlSecondsAfterFinished * 1000 : undefined
}
