import { type FieldPath, fieldPath } from "../../apimachinery/field-path.ts"
import { nameWarnings, podTemplateWarnings } from "../core/warnings/pod.ts"
import { dropSwitchedOff } from "../core/prepare/pod.ts"
import { type RulesByResource, rules } from "../validation/kind-rules.ts"
import { generateSelector } from "./prepare-job.ts"
import type { CronJob } from "./v1/cron-job.ts"
import type { Job, JobSpec } from "./v1/job.ts"
import { validateCronJob, validateCronJobUpdate } from "./validation/cron-job.ts"
import { validateJob, validateJobUpdate } from "./validation/job.ts"
import { validateJobStatusUpdate } from "./validation/job-status.ts"

const podSpecOf = ({ spec }: CronJob) => spec.jobTemplate.spec.template.spec

export const batchRules: RulesByResource = {
  jobs: rules<Job>({
    prepareForCreate(job) {
      generateSelector(job)
      dropSwitchedOff(job.spec.template.spec, undefined)
    },
    prepareForUpdate: ({ spec }, old) => dropSwitchedOff(spec.template.spec, old.spec.template.spec),
    validate: validateJob,
    validateUpdate: validateJobUpdate,
    validateStatusUpdate: validateJobStatusUpdate,
    *warnings({ metadata, spec }, old) {
      if (!old) yield* nameWarnings(metadata.name)
      if (metadata.generation !== old?.metadata.generation) yield* jobSpecWarnings(spec, fieldPath("spec"))
    },
  }),
  cronjobs: rules<CronJob>({
    prepareForCreate: (cronJob) => dropSwitchedOff(podSpecOf(cronJob), undefined),
    prepareForUpdate: (cronJob, old) => dropSwitchedOff(podSpecOf(cronJob), podSpecOf(old)),
    validate: validateCronJob,
    validateUpdate: validateCronJobUpdate,
    *warnings({ metadata, spec }, old) {
      if (!old) yield* nameWarnings(metadata.name)
      if (metadata.generation !== old?.metadata.generation) {
        yield* jobSpecWarnings(spec.jobTemplate.spec, fieldPath("spec", "jobTemplate", "spec"))
      }
      if (!old || !spec.schedule.includes("TZ")) return
      yield "cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details"
    },
  }),
}

const trackable = { completions: 100_000, parallelism: 10_000 }

function* jobSpecWarnings(spec: JobSpec, path: FieldPath): Iterable<string> {
  const { completionMode, completions = 0, parallelism = 0, template } = spec
  const isHuge = completions > trackable.completions && parallelism > trackable.parallelism
  if (completionMode === "Indexed" && isHuge) {
    yield `${path}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail`
  }
  yield* podTemplateWarnings(template, path.child("template"))
}
