/**
 * CronJob: a Job is started at every moment of the calendar that its schedule names.
 *
 * Owns Jobs, by owner reference, named CRONJOB-MINUTE.
 * Reads CronJobs and Jobs; writes Jobs and the CronJob's status.
 * Woken by changes of the CronJob and its Jobs, and by the calendar.
 */
import { CronJob, type CronJobStatus } from "../../api/batch/v1/cron-job.ts"
import { Job } from "../../api/batch/v1/job.ts"
import { controllerOf, type Draft, keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import { ignoreNotFound, isStatusError } from "../../apimachinery/status-error.ts"
import { formatTime } from "../../apimachinery/time.ts"
import { zoneOffsetMs } from "../../base/time-zone.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  requeueAfter,
  type Result,
  watch,
} from "../../client/controller.ts"
import { referenceTo } from "../../client/create-event-recorder.ts"
import { controllerReference } from "../shared/owner.ts"
import { isNamespaceTerminating } from "../../client/is-namespace-terminating.ts"
import { messageOf } from "../shared/pod-control.ts"
import { updateStatusIfChanged } from "../shared/update-status.ts"
import { jobName, planSchedule } from "./plan.ts"
import { computeStatus, planHistory } from "./status.ts"

export const cronJobController: ControllerDefinition = {
  name: "cronjob-controller",
  watches: [
    watch(CronJob, (cronJob) => [keyOf(cronJob)]),
    watch(Job, ({ metadata }) => {
      const owner = metadata.ownerReferences?.find(({ controller }) => controller)
      return owner?.kind === "CronJob" ? [{ namespace: metadata.namespace, name: owner.name }] : []
    }),
  ],
  reconcile,
}

async function reconcile(key: ObjectKey, context: ReconcileContext): Promise<Result> {
  const { client, cache, clock, events } = context

  // Observe.
  const cronJob = cache.find(CronJob, key)
  if (!cronJob) return done
  const jobs = cache.ownedBy(Job, cronJob.metadata.uid)
  const { status, notices } = computeStatus(cronJob, jobs)

  // Decide.
  const active = (status.active ?? []).map(({ name = "" }) => name)
  const plan = planSchedule(cronJob, active, clock.now())
  for (const { type, reason, message } of [...notices, ...plan.notices])
    events.event(cronJob, type, reason, message)

  // Act.
  await deleteJobs(context, cronJob, planHistory(cronJob, jobs))
  let reported = status
  if (plan.startMs !== undefined) {
    if (plan.replace) {
      const running = jobs.filter(({ metadata }) => active.includes(metadata.name))
      await deleteJobs(context, cronJob, running)
      reported = { ...reported, active: [] }
    }
    reported = await startJob(context, cronJob, reported, plan.startMs)
  }

  // Report.
  await updateStatusIfChanged(client, CronJob, cronJob, reported)
  return plan.nextInMs === undefined ? done : requeueAfter(plan.nextInMs)
}

async function startJob(
  { client, events }: ReconcileContext,
  cronJob: CronJob,
  status: CronJobStatus,
  startMs: number,
): Promise<CronJobStatus> {
  const wanted = jobOf(cronJob, startMs)
  let job: Job
  try {
    job = await client.create(Job, wanted)
    events.event(cronJob, "Normal", "SuccessfulCreate", `Created job ${job.metadata.name}`)
  } catch (error) {
    if (!isStatusError(error, "AlreadyExists")) {
      if (!isNamespaceTerminating(error))
        events.event(cronJob, "Warning", "FailedCreate", `Error creating job: ${messageOf(error)}`)
      throw error
    }
    // Made before and not written down, or somebody else's: then it is theirs to tell of.
    job = await client.get(Job, keyOf(wanted as Job))
    if (controllerOf(job)?.uid !== cronJob.metadata.uid) return status
  }
  const known = status.active?.some(({ uid }) => uid === job.metadata.uid)
  const active = known ? status.active : [...(status.active ?? []), referenceTo(job)]
  return { ...status, active: [...(active ?? [])], lastScheduleTime: formatTime(startMs) }
}

async function deleteJobs(
  { client, events }: ReconcileContext,
  cronJob: CronJob,
  jobs: readonly Job[],
): Promise<void> {
  for (const job of jobs) {
    try {
      await client.delete(Job, keyOf(job), { propagationPolicy: "Background" }).catch(ignoreNotFound)
      events.event(cronJob, "Normal", "SuccessfulDelete", `Deleted job ${job.metadata.name}`)
    } catch (error) {
      events.event(cronJob, "Warning", "FailedDelete", `Deleted job: ${messageOf(error)}`)
      throw error
    }
  }
}

function jobOf(cronJob: CronJob, startMs: number): Draft<Job> {
  const { metadata, spec } = cronJob.spec.jobTemplate
  const scheduled = formatLocalTime(startMs, cronJob.spec.timeZone)
  return {
    metadata: {
      name: jobName(cronJob, startMs),
      namespace: cronJob.metadata.namespace,
      labels: metadata.labels,
      annotations: { ...metadata.annotations, "batch.kubernetes.io/cronjob-scheduled-timestamp": scheduled },
      ownerReferences: [controllerReference(cronJob)],
    },
    spec,
  }
}

/** RFC 3339 in the CronJob's time zone: "2026-07-01T09:00:00+02:00". */
function formatLocalTime(ms: number, zone = "UTC"): string {
  const offsetMs = zoneOffsetMs(zone, ms)
  if (offsetMs === 0) return formatTime(ms)
  const minutes = Math.abs(offsetMs) / 60_000
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0")
  const sign = offsetMs < 0 ? "-" : "+"
  return `${formatTime(ms + offsetMs).slice(0, -1)}${sign}${two(minutes / 60)}:${two(minutes % 60)}`
}
