import { dropSwitchedOff } from "../core/prepare/pod.ts"
import { type RulesByResource, rules } from "../validation/kind-rules.ts"
import { generateSelector } from "./prepare-job.ts"
import type { CronJob } from "./v1/cron-job.ts"
import type { Job } from "./v1/job.ts"
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
  }),
  cronjobs: rules<CronJob>({
    prepareForCreate: (cronJob) => dropSwitchedOff(podSpecOf(cronJob), undefined),
    prepareForUpdate: (cronJob, old) => dropSwitchedOff(podSpecOf(cronJob), podSpecOf(old)),
    validate: validateCronJob,
    validateUpdate: validateCronJobUpdate,
  }),
}
