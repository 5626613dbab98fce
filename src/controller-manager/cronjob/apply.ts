import type { CronJob, CronJobStatus } from "../../api/batch/v1/cron-job.ts"
import { Job } from "../../api/batch/v1/job.ts"
import { controllerOf, type Draft, keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import { isStatusError } from "../../apimachinery/status-error.ts"
import { formatTime } from "../../apimachinery/time.ts"
import { zoneOffsetMs } from "../../base/time-zone.ts"
import type { ReconcileContext } from "../../client/controller.ts"
import { referenceTo } from "../../client/create-event-recorder.ts"
import { isNamespaceTerminating } from "../../client/is-namespace-terminating.ts"
import { controllerReference } from "../shared/owner.ts"
import { jobName, type SchedulePlan } from "./plan.ts"
import { planHistory } from "./status.ts"
import { messageOf } from "../../base/message-of.ts"

/** Deletes finished Jobs beyond the limits. Gives the uids of those that are gone; the others are for the next time. */
export async function removeHistory(
  context: ReconcileContext,
  cronJob: CronJob,
  jobs: readonly Job[],
): Promise<ReadonlySet<string>> {
  const removed = new Set<string>()
  for (const job of planHistory(cronJob, jobs))
    if (await deleteJob(context, cronJob, job)) removed.add(job.metadata.uid)
  return removed
}

export interface Started {
  readonly status: CronJobStatus
  /** How long after its moment a Job was created, if one was. */
  readonly lateMs?: number
  readonly error?: unknown
}

/** Starts the Job that is due, if any. Gives the status that says so, also of what failed half-way. */
export async function start(
  context: ReconcileContext,
  cronJob: CronJob,
  status: CronJobStatus,
  { startMs, replace }: SchedulePlan,
): Promise<Started> {
  if (startMs === undefined) return { status }
  let reported = status
  try {
    if (replace)
      for (const { namespace, name = "", uid } of status.active ?? []) {
        await replaceJob(context, cronJob, { namespace, name })
        reported = { ...reported, active: (reported.active ?? []).filter((one) => one.uid !== uid) }
      }
    return await createJob(context, cronJob, reported, startMs)
  } catch (error) {
    return { status: reported, error }
  }
}

async function replaceJob(context: ReconcileContext, cronJob: CronJob, key: ObjectKey): Promise<void> {
  const job = await context.client.get(Job, key).catch((error: unknown) => {
    context.events.event(cronJob, "Warning", "FailedGet", `Get job: ${messageOf(error)}`)
    throw error
  })
  if (!(await deleteJob(context, cronJob, job)))
    throw new Error(`could not replace job ${key.namespace}/${key.name}`)
}

async function createJob(
  { client, events }: ReconcileContext,
  cronJob: CronJob,
  status: CronJobStatus,
  startMs: number,
): Promise<Started> {
  const wanted = jobOf(cronJob, startMs)
  let job: Job
  let isNew = true
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
    if (controllerOf(job)?.uid !== cronJob.metadata.uid) return { status }
    isNew = false
  }
  const known = status.active?.some(({ uid }) => uid === job.metadata.uid)
  const active = known ? status.active : [...(status.active ?? []), referenceTo(job)]
  const lateMs = Date.parse(job.metadata.creationTimestamp) - startMs
  return {
    status: { ...status, active: [...(active ?? [])], lastScheduleTime: formatTime(startMs) },
    ...(isNew && { lateMs }),
  }
}

/** False when it could not be deleted, which people are told. */
async function deleteJob({ client, events }: ReconcileContext, cronJob: CronJob, job: Job): Promise<boolean> {
  try {
    await client.delete(Job, keyOf(job), { propagationPolicy: "Background" })
    events.event(cronJob, "Normal", "SuccessfulDelete", `Deleted job ${job.metadata.name}`)
    return true
  } catch (error) {
    events.event(cronJob, "Warning", "FailedDelete", `Deleted job: ${messageOf(error)}`)
    return false
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
