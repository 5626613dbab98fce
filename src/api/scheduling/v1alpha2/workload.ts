import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  field,
  type Infer,
  int32,
  list,
  message,
  optional,
  string,
} from "../../../apimachinery/schema.ts"
import { ageColumn, nameColumn } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import {
  PodGroupResourceClaim,
  PodGroupSchedulingConstraints,
  PodGroupSchedulingPolicy,
} from "./pod-group-policy.ts"
import { DisruptionMode } from "./pod-group.ts"

export const TypedLocalObjectReference = message("io.k8s.api.scheduling.v1alpha2.TypedLocalObjectReference", {
  apiGroup: field(1, string),
  kind: always(2, string, { required: true }),
  name: always(3, string, { required: true }),
})
export interface TypedLocalObjectReference extends Infer<typeof TypedLocalObjectReference> {}

export const PodGroupTemplate = message("io.k8s.api.scheduling.v1alpha2.PodGroupTemplate", {
  name: always(1, string, { required: true }),
  schedulingPolicy: always(2, PodGroupSchedulingPolicy, { required: true }),
  schedulingConstraints: optional(3, PodGroupSchedulingConstraints, { writtenAsNull: true }),
  resourceClaims: field(4, list(PodGroupResourceClaim, { keys: ["name"] }), {
    patchStrategy: "merge,retainKeys",
    patchMergeKey: "name",
  }),
  disruptionMode: optional(5, DisruptionMode),
  priorityClassName: field(6, string),
  priority: optional(7, int32),
})
export interface PodGroupTemplate extends Infer<typeof PodGroupTemplate> {}

export const WorkloadSpec = message("io.k8s.api.scheduling.v1alpha2.WorkloadSpec", {
  controllerRef: optional(1, TypedLocalObjectReference),
  podGroupTemplates: always(2, list(PodGroupTemplate, { keys: ["name"] }), { required: true }),
})
export interface WorkloadSpec extends Infer<typeof WorkloadSpec> {}

export const WorkloadSchema = message("io.k8s.api.scheduling.v1alpha2.Workload", {
  ...objectFields,
  spec: always(2, WorkloadSpec, { required: true }),
})
/** The groups of pods that an application consists of, for the scheduler. */
export interface Workload extends Infer<typeof WorkloadSchema> {}

export const Workload = resource<Workload>({
  group: "scheduling.k8s.io",
  version: "v1alpha2",
  kind: "Workload",
  plural: "workloads",
  namespaced: true,
  columns: [nameColumn, ageColumn],
  schema: WorkloadSchema,
})
