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
  column,
  containersText,
  formatContainerImages,
  formatContainerNames,
  formatSelector,
  imagesText,
  jobSelectorText,
  nameColumn,
  textOf,
  wideColumn,
} from "../../columns.ts"
import { PodTemplateSpec } from "../../core/v1/pod.ts"
import { LabelSelector } from "../../meta/v1/label-selector.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { humanDuration } from "../../../apimachinery/human-duration.ts"

export const PodFailurePolicyAction = enumeration("Count", "FailIndex", "FailJob", "Ignore")
export type PodFailurePolicyAction = Infer<typeof PodFailurePolicyAction>

export const PodFailurePolicyOnExitCodesOperator = enumeration("In", "NotIn")
export type PodFailurePolicyOnExitCodesOperator = Infer<typeof PodFailurePolicyOnExitCodesOperator>

export const PodFailurePolicyOnExitCodesRequirement = message(
  "io.k8s.api.batch.v1.PodFailurePolicyOnExitCodesRequirement",
  {
    containerName: optional(1, string),
    operator: always(2, PodFailurePolicyOnExitCodesOperator, { required: true }),
    values: always(3, list(int32, { type: "set" }), { required: true }),
  },
)
export interface PodFailurePolicyOnExitCodesRequirement
  extends Infer<typeof PodFailurePolicyOnExitCodesRequirement> {}

export const PodFailurePolicyOnPodConditionsPattern = message(
  "io.k8s.api.batch.v1.PodFailurePolicyOnPodConditionsPattern",
  {
    type: always(1, string, { required: true }),
    status: always(2, string, { default: "True" }),
  },
)
export interface PodFailurePolicyOnPodConditionsPattern
  extends Infer<typeof PodFailurePolicyOnPodConditionsPattern> {}

export const PodFailurePolicyRule = message("io.k8s.api.batch.v1.PodFailurePolicyRule", {
  action: always(1, PodFailurePolicyAction, { required: true }),
  onExitCodes: optional(2, PodFailurePolicyOnExitCodesRequirement),
  onPodConditions: field(3, list(PodFailurePolicyOnPodConditionsPattern)),
})
export interface PodFailurePolicyRule extends Infer<typeof PodFailurePolicyRule> {}

export const PodFailurePolicy = message("io.k8s.api.batch.v1.PodFailurePolicy", {
  rules: always(1, list(PodFailurePolicyRule), { required: true }),
})
export interface PodFailurePolicy extends Infer<typeof PodFailurePolicy> {}

export const SuccessPolicyRule = message("io.k8s.api.batch.v1.SuccessPolicyRule", {
  succeededIndexes: optional(1, string),
  succeededCount: optional(2, int32),
})
export interface SuccessPolicyRule extends Infer<typeof SuccessPolicyRule> {}

export const SuccessPolicy = message("io.k8s.api.batch.v1.SuccessPolicy", {
  rules: always(1, list(SuccessPolicyRule), { required: true }),
})
export interface SuccessPolicy extends Infer<typeof SuccessPolicy> {}

export const CompletionMode = enumeration("Indexed", "NonIndexed")
export type CompletionMode = Infer<typeof CompletionMode>

export const PodReplacementPolicy = enumeration("Failed", "TerminatingOrFailed")
export type PodReplacementPolicy = Infer<typeof PodReplacementPolicy>

export const JobSpec = message("io.k8s.api.batch.v1.JobSpec", {
  parallelism: optional(1, int32),
  completions: optional(2, int32),
  activeDeadlineSeconds: optional(3, int64),
  podFailurePolicy: optional(11, PodFailurePolicy),
  successPolicy: optional(16, SuccessPolicy),
  backoffLimit: optional(7, int32),
  backoffLimitPerIndex: optional(12, int32),
  maxFailedIndexes: optional(13, int32),
  selector: optional(4, LabelSelector),
  manualSelector: optional(5, bool),
  template: always(6, PodTemplateSpec, { required: true }),
  ttlSecondsAfterFinished: optional(8, int32),
  completionMode: optional(9, CompletionMode),
  suspend: optional(10, bool),
  podReplacementPolicy: optional(14, PodReplacementPolicy),
  managedBy: optional(15, string),
})
export interface JobSpec extends Infer<typeof JobSpec> {}

export const JobCondition = message("io.k8s.api.batch.v1.JobCondition", {
  type: always(1, string, { required: true }),
  status: always(2, string, { required: true }),
  lastProbeTime: always(3, time),
  lastTransitionTime: always(4, time),
  reason: field(5, string),
  message: field(6, string),
})
export interface JobCondition extends Infer<typeof JobCondition> {}

export const UncountedTerminatedPods = message("io.k8s.api.batch.v1.UncountedTerminatedPods", {
  succeeded: field(1, list(string, { type: "set" })),
  failed: field(2, list(string, { type: "set" })),
})
export interface UncountedTerminatedPods extends Infer<typeof UncountedTerminatedPods> {}

export const JobStatus = message("io.k8s.api.batch.v1.JobStatus", {
  conditions: field(1, list(JobCondition), { patchStrategy: "merge", patchMergeKey: "type" }),
  startTime: optional(2, time),
  completionTime: optional(3, time),
  active: field(4, int32),
  succeeded: field(5, int32),
  failed: field(6, int32),
  terminating: optional(11, int32),
  completedIndexes: field(7, string),
  failedIndexes: optional(10, string),
  uncountedTerminatedPods: optional(8, UncountedTerminatedPods),
  ready: optional(9, int32),
})
export interface JobStatus extends Infer<typeof JobStatus> {}

export const JobSchema = message(
  "io.k8s.api.batch.v1.Job",
  {
    ...objectFields,
    spec: always(2, JobSpec),
    status: always(3, JobStatus),
  },
  { applyDefaults: (job) => defaultJob(job) },
)
/** Pods that run until enough of them have succeeded. */
export interface Job extends Infer<typeof JobSchema> {}

export const Job = resource<Job>({
  group: "batch",
  version: "v1",
  kind: "Job",
  plural: "jobs",
  namespaced: true,
  categories: ["all"],
  hasStatus: true,
  columns: [
    nameColumn,
    column("Status", "Status of the job.", formatStatus),
    column("Completions", textOf("batch.v1.JobStatus", "succeeded"), formatCompletions),
    column("Duration", "Time required to complete the job.", formatDuration),
    ageColumn,
    wideColumn("Containers", containersText, ({ spec }) =>
      formatContainerNames(spec.template.spec.containers),
    ),
    wideColumn("Images", imagesText, ({ spec }) => formatContainerImages(spec.template.spec.containers)),
    wideColumn("Selector", jobSelectorText, ({ spec }) => formatSelector(spec.selector)),
  ],
  selectableFields: {
    "status.successful": ({ status }) => String(status.succeeded ?? 0),
  },
  schema: JobSchema,
})

const noBackoffLimit = 2 ** 31 - 1

/** Of a Job alone: the template in a CronJob stays as it was written. */
function defaultJob({ metadata, spec }: Job): void {
  if (spec.parallelism === undefined) spec.completions ??= 1
  spec.parallelism ??= 1
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : noBackoffLimit
  spec.completionMode ??= "NonIndexed"
  spec.suspend ??= false
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? "Failed" : "TerminatingOrFailed"
  spec.manualSelector ??= false
  const labels = spec.template?.metadata?.labels
  if (labels && Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = labels
}

function formatStatus({ metadata, status }: Job): string {
  const holds = (type: string) =>
    status.conditions?.find((condition) => condition.type === type)?.status === "True"
  if (holds("Complete")) return "Complete"
  if (holds("Failed")) return "Failed"
  if (metadata.deletionTimestamp) return "Terminating"
  return ["Suspended", "FailureTarget", "SuccessCriteriaMet"].find(holds) ?? "Running"
}

function formatCompletions({ spec, status }: Job): string {
  const { completions, parallelism = 0 } = spec
  const succeeded = status.succeeded ?? 0
  if (completions !== undefined) return `${succeeded}/${completions}`
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`
}

function formatDuration({ status }: Job, now: number): string {
  const { startTime, completionTime } = status
  if (!startTime) return ""
  return humanDuration((completionTime ? Date.parse(completionTime) : now) - Date.parse(startTime))
}
