/**
 * CronJob: a Job is started at every moment of the calendar that its schedule names.
 *
 * Owns Jobs, by owner reference, named CRONJOB-MINUTE.
 * Reads CronJobs and Jobs; writes Jobs and the CronJob's status.
 * Woken by changes of the CronJob and its Jobs, and by the calendar.
 */
import { CronJob } from "../../api/batch/v1/cron-job.ts"
import { Job } from "../../api/batch/v1/job.ts"
import type { ObjectReference } from "../../api/core/v1/object-reference.ts"
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
import { updateStatusIfChanged } from "../shared/update-status.ts"
import { removeHistory, start } from "./apply.ts"
import { CronJobMetrics } from "./cronjob-metrics.ts"
import { planSchedule } from "./plan.ts"
import { computeStatus, endOf, type KnownJobs } from "./status.ts"

export function createCronJobController(metrics = new CronJobMetrics()): ControllerDefinition {
  return {
    name: "cronjob-controller",
    watches: [
      watch(CronJob, (cronJob) => [keyOf(cronJob)]),
      watch(Job, ({ metadata }) => {
        const owner = metadata.ownerReferences?.find(({ controller }) => controller)
        return owner?.kind === "CronJob" ? [{ namespace: metadata.namespace, name: owner.name }] : []
      }),
    ],
    reconcile: (key, context) => reconcile(key, context, metrics),
  }
}

async function reconcile(
  key: ObjectKey,
  context: ReconcileContext,
  metrics: CronJobMetrics,
): Promise<Result> {
  const { client, cache, clock, events } = context

  // Observe. What a limit on history takes away is not told of as completed.
  const cronJob = cache.find(CronJob, key)
  if (!cronJob) return done
  const jobs = cache.ownedBy(Job, cronJob.metadata.uid)
  const removed = await removeHistory(context, cronJob, jobs)
  const known = await readActive(context, cronJob, jobs, removed)
  const { status, notices } = computeStatus(cronJob, known, jobs)

  // Decide.
  const active = (status.active ?? []).map(({ name = "" }) => name)
  const plan = planSchedule(cronJob, active, clock.now())
  for (const { type, reason, message } of [...notices, ...plan.notices])
    events.event(cronJob, type, reason, message)

  // Act, then report what came of it: also of what failed half-way.
  const result = await start(context, cronJob, status, plan)
  if (result.lateMs !== undefined) metrics.created(result.lateMs)
  await updateStatusIfChanged(client, CronJob, cronJob, result.status)
  if (result.error !== undefined) throw result.error
  return plan.nextInMs === undefined ? done : requeueAfter(plan.nextInMs)
}

/**
 * The Jobs that the status names, without those `removed`, after asking the server where the cache and the status do not
 * fit together: after a start the one may know less than the other. Those `missing` are gone for certain.
 */
async function readActive(
  { client }: ReconcileContext,
  cronJob: CronJob,
  jobs: readonly Job[],
  removed: ReadonlySet<string>,
): Promise<KnownJobs> {
  const uids = new Set(jobs.map(({ metadata }) => metadata.uid))
  const isUnexpected = (list: readonly ObjectReference[]) =>
    jobs.some((job) => !endOf(job) && !list.some(({ uid }) => uid === job.metadata.uid))
  let active = cronJob.status.active ?? []
  if (isUnexpected(active)) active = (await client.get(CronJob, keyOf(cronJob))).status.active ?? []
  active = active.filter(({ uid = "" }) => !removed.has(uid))
  const missing = new Set<string>()
  for (const { uid = "", name = "", namespace } of active) {
    if (uids.has(uid)) continue
    if (!(await client.get(Job, { namespace, name }).catch(ignoreNotFound))) missing.add(uid)
  }
  return { active, missing }
}
