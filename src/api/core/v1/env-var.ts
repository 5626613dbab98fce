import {
  always,
  bool,
  field,
  type Infer,
  inline,
  message,
  optional,
  string,
} from "../../../apimachinery/schema.ts"
import { ObjectFieldSelector, ResourceFieldSelector } from "./downward-api.ts"
import { LocalObjectReference } from "./object-reference.ts"

// A container's environment: values, and references to where they come from.

export const ConfigMapEnvSource = message("io.k8s.api.core.v1.ConfigMapEnvSource", {
  ...inline(1, LocalObjectReference),
  optional: optional(2, bool),
})
export interface ConfigMapEnvSource extends Infer<typeof ConfigMapEnvSource> {}

export const SecretEnvSource = message("io.k8s.api.core.v1.SecretEnvSource", {
  ...inline(1, LocalObjectReference),
  optional: optional(2, bool),
})
export interface SecretEnvSource extends Infer<typeof SecretEnvSource> {}

export const EnvFromSource = message("io.k8s.api.core.v1.EnvFromSource", {
  prefix: field(1, string),
  configMapRef: optional(2, ConfigMapEnvSource),
  secretRef: optional(3, SecretEnvSource),
})
export interface EnvFromSource extends Infer<typeof EnvFromSource> {}

export const ConfigMapKeySelector = message(
  "io.k8s.api.core.v1.ConfigMapKeySelector",
  {
    ...inline(1, LocalObjectReference),
    key: always(2, string, { required: true }),
    optional: optional(3, bool),
  },
  { atomic: true },
)
export interface ConfigMapKeySelector extends Infer<typeof ConfigMapKeySelector> {}

export const SecretKeySelector = message(
  "io.k8s.api.core.v1.SecretKeySelector",
  {
    ...inline(1, LocalObjectReference),
    key: always(2, string, { required: true }),
    optional: optional(3, bool),
  },
  { atomic: true },
)
export interface SecretKeySelector extends Infer<typeof SecretKeySelector> {}

export const FileKeySelector = message(
  "io.k8s.api.core.v1.FileKeySelector",
  {
    volumeName: always(1, string, { required: true }),
    path: always(2, string, { required: true }),
    key: always(3, string, { required: true }),
    optional: optional(4, bool, { default: false }),
  },
  { atomic: true },
)
export interface FileKeySelector extends Infer<typeof FileKeySelector> {}

export const EnvVarSource = message("io.k8s.api.core.v1.EnvVarSource", {
  fieldRef: optional(1, ObjectFieldSelector),
  resourceFieldRef: optional(2, ResourceFieldSelector),
  configMapKeyRef: optional(3, ConfigMapKeySelector),
  secretKeyRef: optional(4, SecretKeySelector),
  fileKeyRef: optional(5, FileKeySelector),
})
export interface EnvVarSource extends Infer<typeof EnvVarSource> {}

export const EnvVar = message("io.k8s.api.core.v1.EnvVar", {
  name: always(1, string, { required: true }),
  value: field(2, string),
  valueFrom: optional(3, EnvVarSource),
})
export interface EnvVar extends Infer<typeof EnvVar> {}
