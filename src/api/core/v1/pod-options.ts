import {
  always,
  bool,
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
import { typeFields } from "../../meta/v1/object-fields.ts"

// Query parameters of the pod's streaming subresources, which upstream declares as kinds.

export const PodAttachOptionsSchema = message("io.k8s.api.core.v1.PodAttachOptions", {
  ...typeFields,
  stdin: field(1, bool),
  stdout: field(2, bool),
  stderr: field(3, bool),
  tty: field(4, bool),
  container: field(5, string),
})
export interface PodAttachOptions extends Infer<typeof PodAttachOptionsSchema> {}

export const PodExecOptionsSchema = message("io.k8s.api.core.v1.PodExecOptions", {
  ...typeFields,
  stdin: field(1, bool),
  stdout: field(2, bool),
  stderr: field(3, bool),
  tty: field(4, bool),
  container: field(5, string),
  command: always(6, list(string), { required: true }),
})
export interface PodExecOptions extends Infer<typeof PodExecOptionsSchema> {}

export const PodLogOptionsSchema = message("io.k8s.api.core.v1.PodLogOptions", {
  ...typeFields,
  container: field(1, string),
  follow: field(2, bool),
  previous: field(3, bool),
  sinceSeconds: optional(4, int64),
  sinceTime: optional(5, time),
  timestamps: field(6, bool),
  tailLines: optional(7, int64),
  limitBytes: optional(8, int64),
  insecureSkipTLSVerifyBackend: field(9, bool),
  stream: optional(10, string),
})
export interface PodLogOptions extends Infer<typeof PodLogOptionsSchema> {}

export const PodPortForwardOptionsSchema = message("io.k8s.api.core.v1.PodPortForwardOptions", {
  ...typeFields,
  ports: field(1, list(int32)),
})
export interface PodPortForwardOptions extends Infer<typeof PodPortForwardOptionsSchema> {}

export const PodProxyOptionsSchema = message("io.k8s.api.core.v1.PodProxyOptions", {
  ...typeFields,
  path: field(1, string),
})
export interface PodProxyOptions extends Infer<typeof PodProxyOptionsSchema> {}
