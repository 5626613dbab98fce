/**
 * Job: pods run until enough of them have succeeded, or too many have failed, and every one is counted exactly once.
 *
 * Owns pods, by owner reference; a finalizer keeps each until it is counted.
 * Reads Jobs and pods; writes pods and their finalizers, and the Job's status.
 * Woken by changes of the Job and its pods; by time, for deadlines and for the pause after a failure.
 */
import { Job } from "../../api/batch/v1/job.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { selectorFromObject } from "../../apimachinery/labels.ts"
import { controllerOf, keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  requeueAfter,
  type Result,
  watch,
} from "../../client/controller.ts"
import { podStatusRestMs } from "../shared/pod-status-rest.ts"
import { claim, orphanIndex } from "../shared/claim.ts"
import { findCondition } from "../shared/conditions.ts"
import { keysOfOwner } from "../shared/keys-of-owner.ts"
import { updateStatusIfChanged } from "../shared/update-status.ts"
import { applyPodPlan, releasePods } from "./apply.ts"
import { JobBackoffs } from "./backoff.ts"
import { deadlineInMs, planFinish } from "./finish.ts"
import { isTracked, trackingFinalizer } from "./job-pods.ts"
import { observe } from "./observe.ts"
import { planPods } from "./plan.ts"
import { computeStatus, isFinished } from "./status.ts"
import { trackPods } from "./track.ts"

/** The value of `spec.managedBy` that means this controller. */
const managerName = "kubernetes.io/job-controller"

export function createJobController(): ControllerDefinition {
  const backoffs = new JobBackoffs()
  return {
    name: "job-controller",
    backoff: { initialMs: 1000, maxMs: 60_000 },
    restMs: podStatusRestMs,
    watches: [
      watch(Job, (job) => [keyOf(job)]),
      watch(Pod, keysOfOwner(Job), { ...orphanIndex, trackedOfJob }),
    ],
    reconcile: (key, context) => reconcile(key, context, backoffs),
  }
}

async function reconcile(key: ObjectKey, context: ReconcileContext, backoffs: JobBackoffs): Promise<Result> {
  const { client, cache, clock, events } = context

  // Observe.
  const job = cache.find(Job, key)
  if (job?.spec.managedBy && job.spec.managedBy !== managerName) return done
  await releaseStrangers(context, key, job)
  if (!job || isFinished(job)) {
    backoffs.forget(key)
    return done
  }
  const selector = selectorFromObject(job.spec.selector)
  const owner = { resource: Job, object: job }
  const pods = await claim(context, owner, selector, Pod, { finalizer: trackingFinalizer })
  const observation = observe(job, pods, clock)

  // Decide.
  const target = planFinish(observation)
  const pauses = backoffs.next(observation)
  const plan = planPods(observation, target, pauses)
  const tracking = trackPods(observation, target)

  // Act, report, and only then let go of the pods that the report has counted.
  const changes = await applyPodPlan(context, job, plan)
  const status = computeStatus(observation, target, tracking, changes)
  await updateStatusIfChanged(client, Job, job, status)
  backoffs.remember(job, pauses)
  await releasePods(client, tracking.release)
  tellChange(events, job, status)
  if (changes.error !== undefined) throw changes.error
  const waits = [
    deadlineInMs({ ...observation, job: { ...job, status } }),
    plan.kind === "wait" ? plan.ms : undefined,
  ]
  const due = waits.filter((ms) => ms !== undefined && ms > 0) as number[]
  return due.length > 0 && !target ? requeueAfter(Math.min(...due)) : done
}

/** Pods that wait to be counted by a Job that has gone or has ended: nobody will. */
async function releaseStrangers(
  { client, cache }: ReconcileContext,
  key: ObjectKey,
  job: Job | undefined,
): Promise<void> {
  const tracked = cache.byIndex(Pod, "trackedOfJob", `${key.namespace}/${key.name}`)
  const strangers = tracked.filter(
    (pod) => !job || isFinished(job) || controllerOf(pod)?.uid !== job.metadata.uid,
  )
  await releasePods(client, strangers)
}

function trackedOfJob(pod: Pod): readonly string[] {
  const owner = isTracked(pod) ? controllerOf(pod) : undefined
  return owner?.kind === "Job" ? [`${pod.metadata.namespace}/${owner.name}`] : []
}

function tellChange(events: ReconcileContext["events"], job: Job, status: Job["status"]): void {
  const isNew = (type: string, value: string) =>
    findCondition(status.conditions, type)?.status === value &&
    findCondition(job.status.conditions, type)?.status !== value
  if (isNew("Suspended", "True")) events.event(job, "Normal", "Suspended", "Job suspended")
  if (isNew("Suspended", "False")) events.event(job, "Normal", "Resumed", "Job resumed")
  if (isNew("Complete", "True")) {
    const message = "Too many succeeded pods running after completion count reached"
    if ((status.succeeded ?? 0) > (job.spec.completions ?? Number.POSITIVE_INFINITY))
      events.event(job, "Warning", "TooManySucceededPods", message)
    events.event(job, "Normal", "Completed", "Job completed")
  }
  const failed = findCondition(status.conditions, "Failed")
  if (failed && isNew("Failed", "True"))
    events.event(job, "Warning", failed.reason ?? "Failed", failed.message ?? "")
}
