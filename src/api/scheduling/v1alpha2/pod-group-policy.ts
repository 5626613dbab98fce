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

// How the pods of a group are scheduled together; shared by Workload and PodGroup.

export const BasicSchedulingPolicy = message("io.k8s.api.scheduling.v1alpha2.BasicSchedulingPolicy", {})
export interface BasicSchedulingPolicy extends Infer<typeof BasicSchedulingPolicy> {}

export const GangSchedulingPolicy = message("io.k8s.api.scheduling.v1alpha2.GangSchedulingPolicy", {
  minCount: always(1, int32, { required: true }),
})
export interface GangSchedulingPolicy extends Infer<typeof GangSchedulingPolicy> {}

export const PodGroupSchedulingPolicy = message("io.k8s.api.scheduling.v1alpha2.PodGroupSchedulingPolicy", {
  basic: optional(1, BasicSchedulingPolicy),
  gang: optional(2, GangSchedulingPolicy),
})
export interface PodGroupSchedulingPolicy extends Infer<typeof PodGroupSchedulingPolicy> {}

export const TopologyConstraint = message("io.k8s.api.scheduling.v1alpha2.TopologyConstraint", {
  key: always(1, string, { required: true }),
})
export interface TopologyConstraint extends Infer<typeof TopologyConstraint> {}

export const PodGroupSchedulingConstraints = message(
  "io.k8s.api.scheduling.v1alpha2.PodGroupSchedulingConstraints",
  {
    topology: field(1, list(TopologyConstraint)),
  },
)
export interface PodGroupSchedulingConstraints extends Infer<typeof PodGroupSchedulingConstraints> {}

export const PodGroupResourceClaim = message("io.k8s.api.scheduling.v1alpha2.PodGroupResourceClaim", {
  name: always(1, string, { required: true }),
  resourceClaimName: optional(2, string),
  resourceClaimTemplateName: optional(3, string),
})
export interface PodGroupResourceClaim extends Infer<typeof PodGroupResourceClaim> {}
