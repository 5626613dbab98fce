import {
  bool,
  field,
  type Infer,
  int64,
  list,
  message,
  optional,
  string,
} from "../../../apimachinery/schema.ts"
import { typeFields } from "./object-fields.ts"

export const Preconditions = message("io.k8s.apimachinery.pkg.apis.meta.v1.Preconditions", {
  uid: optional(1, string),
  resourceVersion: optional(2, string),
})
export interface Preconditions extends Infer<typeof Preconditions> {}

export const DeleteOptions = message("io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions", {
  ...typeFields,
  gracePeriodSeconds: optional(1, int64),
  preconditions: optional(2, Preconditions),
  orphanDependents: optional(3, bool),
  propagationPolicy: optional(4, string),
  dryRun: field(5, list(string)),
  ignoreStoreReadErrorWithClusterBreakingPotential: optional(6, bool),
})
export interface DeleteOptions extends Infer<typeof DeleteOptions> {}
