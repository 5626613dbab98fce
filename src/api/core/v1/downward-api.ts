import {
  always,
  field,
  type Infer,
  int32,
  list,
  message,
  optional,
  quantity,
  string,
} from "../../../apimachinery/schema.ts"

// Fields of a pod that are shown to its own containers.

export const ObjectFieldSelector = message(
  "io.k8s.api.core.v1.ObjectFieldSelector",
  {
    apiVersion: field(1, string, { default: "v1" }),
    fieldPath: always(2, string, { required: true }),
  },
  { atomic: true },
)
export interface ObjectFieldSelector extends Infer<typeof ObjectFieldSelector> {}

export const ResourceFieldSelector = message(
  "io.k8s.api.core.v1.ResourceFieldSelector",
  {
    containerName: field(1, string),
    resource: always(2, string, { required: true }),
    divisor: always(3, quantity),
  },
  { atomic: true },
)
export interface ResourceFieldSelector extends Infer<typeof ResourceFieldSelector> {}

export const DownwardAPIVolumeFile = message("io.k8s.api.core.v1.DownwardAPIVolumeFile", {
  path: always(1, string, { required: true }),
  fieldRef: optional(2, ObjectFieldSelector),
  resourceFieldRef: optional(3, ResourceFieldSelector),
  mode: optional(4, int32),
})
export interface DownwardAPIVolumeFile extends Infer<typeof DownwardAPIVolumeFile> {}

export const DownwardAPIVolumeSource = message("io.k8s.api.core.v1.DownwardAPIVolumeSource", {
  items: field(1, list(DownwardAPIVolumeFile)),
  defaultMode: optional(2, int32, { default: 420 }),
})
export interface DownwardAPIVolumeSource extends Infer<typeof DownwardAPIVolumeSource> {}

export const DownwardAPIProjection = message("io.k8s.api.core.v1.DownwardAPIProjection", {
  items: field(1, list(DownwardAPIVolumeFile)),
})
export interface DownwardAPIProjection extends Infer<typeof DownwardAPIProjection> {}
