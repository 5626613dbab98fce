import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  enumeration,
  field,
  type Infer,
  int32,
  list,
  message,
  optional,
  string,
} from "../../../apimachinery/schema.ts"
import { ageColumn, column, nameColumn } from "../../columns.ts"
import { Condition } from "../../meta/v1/condition.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import {
  PodGroupResourceClaim,
  PodGroupSchedulingConstraints,
  PodGroupSchedulingPolicy,
} from "./pod-group-policy.ts"

export const WorkloadPodGroupTemplateReference = message(
  "io.k8s.api.scheduling.v1alpha2.WorkloadPodGroupTemplateReference",
  {
    workloadName: always(1, string, { required: true }),
    podGroupTemplateName: always(2, string, { required: true }),
  },
)
export interface WorkloadPodGroupTemplateReference extends Infer<typeof WorkloadPodGroupTemplateReference> {}

export const PodGroupTemplateReference = message("io.k8s.api.scheduling.v1alpha2.PodGroupTemplateReference", {
  workload: optional(1, WorkloadPodGroupTemplateReference),
})
export interface PodGroupTemplateReference extends Infer<typeof PodGroupTemplateReference> {}

export const DisruptionMode = enumeration("Pod", "PodGroup")
export type DisruptionMode = Infer<typeof DisruptionMode>

/** Keeps a group that is being deleted until its pods have ended. */
export const podGroupProtectionFinalizer = "scheduling.k8s.io/podgroup-protection"

export const PodGroupSpec = message("io.k8s.api.scheduling.v1alpha2.PodGroupSpec", {
  podGroupTemplateRef: optional(1, PodGroupTemplateReference, { writtenAsNull: true }),
  schedulingPolicy: always(2, PodGroupSchedulingPolicy, { required: true }),
  schedulingConstraints: optional(3, PodGroupSchedulingConstraints),
  resourceClaims: field(4, list(PodGroupResourceClaim, { keys: ["name"] }), {
    patchStrategy: "merge,retainKeys",
    patchMergeKey: "name",
  }),
  disruptionMode: optional(5, DisruptionMode, { default: "Pod" }),
  priorityClassName: field(6, string),
  priority: optional(7, int32),
})
export interface PodGroupSpec extends Infer<typeof PodGroupSpec> {}

export const PodGroupResourceClaimStatus = message(
  "io.k8s.api.scheduling.v1alpha2.PodGroupResourceClaimStatus",
  {
    name: always(1, string, { required: true }),
    resourceClaimName: optional(2, string),
  },
)
export interface PodGroupResourceClaimStatus extends Infer<typeof PodGroupResourceClaimStatus> {}

export const PodGroupStatus = message("io.k8s.api.scheduling.v1alpha2.PodGroupStatus", {
  conditions: field(1, list(Condition, { keys: ["type"] }), {
    patchStrategy: "merge",
    patchMergeKey: "type",
  }),
  resourceClaimStatuses: field(2, list(PodGroupResourceClaimStatus, { keys: ["name"] }), {
    patchStrategy: "merge,retainKeys",
    patchMergeKey: "name",
  }),
})
export interface PodGroupStatus extends Infer<typeof PodGroupStatus> {}

export const PodGroupSchema = message("io.k8s.api.scheduling.v1alpha2.PodGroup", {
  ...objectFields,
  spec: always(2, PodGroupSpec, { required: true }),
  status: always(3, PodGroupStatus),
})
/** Pods that are scheduled together or not at all. */
export interface PodGroup extends Infer<typeof PodGroupSchema> {}

export const PodGroup = resource<PodGroup>({
  group: "scheduling.k8s.io",
  version: "v1alpha2",
  kind: "PodGroup",
  plural: "podgroups",
  namespaced: true,
  hasStatus: true,
  columns: [
    nameColumn,
    column(
      "Policy",
      "SchedulingPolicy defines the scheduling policy for this instance of the PodGroup. Controllers are expected to fill this field by copying it from a PodGroupTemplate. This field is immutable.",
      ({ spec }) => (spec.schedulingPolicy.gang ? "Gang" : "Basic"),
    ),
    column("Workload", "Name of the referenced Workload object", ({ spec }) =>
      spec.podGroupTemplateRef ? (spec.podGroupTemplateRef.workload?.workloadName ?? "") : "<none>",
    ),
    column("Status", "Status of the PodGroup", formatStatus),
    ageColumn,
  ],
  schema: PodGroupSchema,
})

function formatStatus({ status }: PodGroup): string {
  const find = (type: string) => status.conditions?.findLast((condition) => condition.type === type)
  const disruption = find("DisruptionTarget")
  if (disruption) return disruption.reason
  const scheduled = find("PodGroupScheduled")
  if (!scheduled) return "Pending"
  return scheduled.status === "True" ? "Scheduled" : "Unschedulable"
}
