import {
  always,
  field,
  type Infer,
  list,
  mapOf,
  message,
  quantity,
  string,
} from "../../../apimachinery/schema.ts"
import { defaultResourceRequirements } from "./pod-defaults.ts"

/** Amounts by resource name: cpu, memory, ephemeral-storage, pods, hugepages-2Mi, example.com/gpu. */
export const ResourceList = mapOf(quantity)
export type ResourceList = Infer<typeof ResourceList>

export const VolumeResourceRequirements = message(
  "io.k8s.api.core.v1.VolumeResourceRequirements",
  {
    limits: field(1, ResourceList),
    requests: field(2, ResourceList),
  },
  { applyDefaults: (resources) => defaultResourceRequirements(resources) },
)
export interface VolumeResourceRequirements extends Infer<typeof VolumeResourceRequirements> {}

export const ResourceClaim = message("io.k8s.api.core.v1.ResourceClaim", {
  name: always(1, string, { required: true }),
  request: field(2, string),
})
export interface ResourceClaim extends Infer<typeof ResourceClaim> {}

export const ResourceRequirements = message(
  "io.k8s.api.core.v1.ResourceRequirements",
  {
    limits: field(1, ResourceList),
    requests: field(2, ResourceList),
    claims: field(3, list(ResourceClaim, { keys: ["name"] })),
  },
  { applyDefaults: (resources) => defaultResourceRequirements(resources) },
)
export interface ResourceRequirements extends Infer<typeof ResourceRequirements> {}
