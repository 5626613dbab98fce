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
import { JobMetrics, type SyncAction } from "./job-metrics.ts"
import { isTracked, trackingFinalizer } from "./job-pods.ts"
import { observe } from "./observe.ts"
import { type PodPlan, planPods } from "./plan.ts"
import { computeStatus, isFinished } from "./status.ts"
import { trackPods } from "./track.ts"

/** The value of `spec.managedBy` that means this controller. */
const managerName = "kubernetes.io/job-controller"

export function createJobController(metrics = new JobMetrics()): ControllerDefinition {
  const backoffs = new JobBackoffs()
  return {
    name: "job-controller",
    backoff: { initialMs: 1000, maxMs: 60_000 },
    restMs: podStatusRestMs,
    watches: [
      watch(Job, (job) => [keyOf(job)]),
      watch(Pod, keysOfOwner(Job), { ...orphanIndex, trackedOfJob }),
    ],
    attach(_, { informers }) {
      informers.onChange(Pod, (current, previous) => metrics.podChanged(current, previous))
      informers.onChange(Job, (current, previous) => {
        const manager = previous ? undefined : current && otherManagerOf(current)
        if (manager) metrics.managedElsewhere(manager)
      })
    },
    reconcile: (key, context) => reconcile(key, context, backoffs, metrics),
  }
}

/** Who else keeps the Job's promise, if somebody does. */
function otherManagerOf({ spec }: Job): string | undefined {
  return spec.managedBy && spec.managedBy !== managerName ? spec.managedBy : undefined
}

async function reconcile(
  key: ObjectKey,
  context: ReconcileContext,
  backoffs: JobBackoffs,
  metrics: JobMetrics,
): Promise<Result> {
  const job = context.cache.find(Job, key)
  if (job && otherManagerOf(job)) return done
  await releaseStrangers(context, key, job)
  if (!job || isFinished(job)) {
    backoffs.forget(key)
    return done
  }
  return measured(context, job, metrics, (act) =>
    reconcileUnfinished(job, context, { backoffs, metrics, act }),
  )
}

/** Counts a look at a Job, and how long it took. */
async function measured(
  { clock }: ReconcileContext,
  job: Job,
  metrics: JobMetrics,
  look: (act: (action: SyncAction) => void) => Promise<Result>,
): Promise<Result> {
  const startMs = clock.monotonic()
  let action: SyncAction = "reconciling"
  const told = (result: "success" | "error") =>
    metrics.synced(job, result, action, clock.monotonic() - startMs)
  try {
    const result = await look((next) => (action = next))
    told("success")
    return result
  } catch (error) {
    told("error")
    throw error
  }
}

interface Parts {
  readonly backoffs: JobBackoffs
  readonly metrics: JobMetrics
  readonly act: (action: SyncAction) => void
}

const actions: Readonly<Record<PodPlan["kind"], SyncAction>> = {
  none: "tracking",
  wait: "pods_created",
  create: "pods_created",
  remove: "pods_deleted",
  end: "reconciling",
}

async function reconcileUnfinished(
  job: Job,
  context: ReconcileContext,
  { backoffs, metrics, act }: Parts,
): Promise<Result> {
  const { client, clock, events } = context

  // Observe.
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
  act(actions[plan.kind])
  const changes = await applyPodPlan(context, job, plan)
  const replaces = { failed: observation.failed > 0, terminating: observation.terminating > 0 }
  metrics.created(job, replaces, changes.created, changes.refused)
  const status = computeStatus(observation, target, tracking, changes)
  await updateStatusIfChanged(client, Job, job, status)
  backoffs.remember(job, pauses)
  metrics.counted(job, status)
  metrics.judged(
    job,
    observation.newFailed.filter((pod) => tracking.release.includes(pod)),
  )
  await releasePods(client, tracking.release)
  tellChange(events, metrics, job, status)
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

function tellChange(
  events: ReconcileContext["events"],
  metrics: JobMetrics,
  job: Job,
  status: Job["status"],
): void {
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
    metrics.finished(job, "succeeded", findCondition(status.conditions, "Complete")?.reason ?? "")
  }
  const failed = findCondition(status.conditions, "Failed")
  if (failed && isNew("Failed", "True")) {
    events.event(job, "Warning", failed.reason ?? "Failed", failed.message ?? "")
    metrics.finished(job, "failed", failed.reason ?? "")
  }
}
