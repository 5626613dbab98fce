import { ObjectMeta } from "../../../apimachinery/meta.ts"
import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  bool,
  enumeration,
  field,
  type Infer,
  int32,
  int64,
  list,
  message,
  optional,
  string,
  time,
} from "../../../apimachinery/schema.ts"
import {
  ageColumn,
  booleanColumn,
  column,
  containersText,
  formatContainerImages,
  formatContainerNames,
  formatSelector,
  imagesText,
  integerColumn,
  jobSelectorText,
  nameColumn,
  textOf,
  wideColumn,
} from "../../columns.ts"
import { ObjectReference } from "../../core/v1/object-reference.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { JobSpec } from "./job.ts"
import { formatAge } from "../../../apimachinery/human-duration.ts"

export const ConcurrencyPolicy = enumeration("Allow", "Forbid", "Replace")
export type ConcurrencyPolicy = Infer<typeof ConcurrencyPolicy>

export const JobTemplateSpec = message("io.k8s.api.batch.v1.JobTemplateSpec", {
  metadata: always(1, ObjectMeta),
  spec: always(2, JobSpec),
})
export interface JobTemplateSpec extends Infer<typeof JobTemplateSpec> {}

export const CronJobSpec = message("io.k8s.api.batch.v1.CronJobSpec", {
  schedule: always(1, string, { required: true }),
  timeZone: optional(8, string),
  startingDeadlineSeconds: optional(2, int64),
  concurrencyPolicy: field(3, ConcurrencyPolicy, { default: "Allow" }),
  suspend: optional(4, bool, { default: false }),
  jobTemplate: always(5, JobTemplateSpec, { required: true }),
  successfulJobsHistoryLimit: optional(6, int32, { default: 3 }),
  failedJobsHistoryLimit: optional(7, int32, { default: 1 }),
})
export interface CronJobSpec extends Infer<typeof CronJobSpec> {}

export const CronJobStatus = message("io.k8s.api.batch.v1.CronJobStatus", {
  active: field(1, list(ObjectReference)),
  lastScheduleTime: optional(4, time),
  lastSuccessfulTime: optional(5, time),
})
export interface CronJobStatus extends Infer<typeof CronJobStatus> {}

export const CronJobSchema = message("io.k8s.api.batch.v1.CronJob", {
  ...objectFields,
  spec: always(2, CronJobSpec, { required: true }),
  status: always(3, CronJobStatus),
})
/** A Job by the calendar. */
export interface CronJob extends Infer<typeof CronJobSchema> {}

export const CronJob = resource<CronJob>({
  group: "batch",
  version: "v1",
  kind: "CronJob",
  plural: "cronjobs",
  namespaced: true,
  shortNames: ["cj"],
  categories: ["all"],
  hasStatus: true,
  columns: [
    nameColumn,
    column("Schedule", textOf("batch.v1.CronJobSpec", "schedule"), ({ spec }) => spec.schedule),
    column("Timezone", textOf("batch.v1.CronJobSpec", "timeZone"), ({ spec }) => spec.timeZone ?? "<none>"),
    booleanColumn("Suspend", textOf("batch.v1.CronJobSpec", "suspend"), ({ spec }) =>
      spec.suspend ? "True" : "False",
    ),
    integerColumn(
      "Active",
      textOf("batch.v1.CronJobStatus", "active"),
      ({ status }) => status.active?.length ?? 0,
    ),
    column("Last Schedule", textOf("batch.v1.CronJobStatus", "lastScheduleTime"), ({ status }, now) =>
      status.lastScheduleTime ? formatAge(status.lastScheduleTime, now) : "<none>",
    ),
    ageColumn,
    wideColumn("Containers", containersText, ({ spec }) =>
      formatContainerNames(spec.jobTemplate.spec.template.spec.containers),
    ),
    wideColumn("Images", imagesText, ({ spec }) =>
      formatContainerImages(spec.jobTemplate.spec.template.spec.containers),
    ),
    wideColumn("Selector", jobSelectorText, ({ spec }) => formatSelector(spec.jobTemplate.spec.selector)),
  ],
  schema: CronJobSchema,
})
