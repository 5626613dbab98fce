import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  type Infer,
  int32,
  message,
  microTime,
  optional,
  string,
} from "../../../apimachinery/schema.ts"
import { ageColumn, column, nameColumn, textOf } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"

export const LeaseSpec = message("io.k8s.api.coordination.v1.LeaseSpec", {
  holderIdentity: optional(1, string),
  leaseDurationSeconds: optional(2, int32),
  acquireTime: optional(3, microTime),
  renewTime: optional(4, microTime),
  leaseTransitions: optional(5, int32),
  strategy: optional(6, string),
  preferredHolder: optional(7, string),
})
export interface LeaseSpec extends Infer<typeof LeaseSpec> {}

export const LeaseSchema = message("io.k8s.api.coordination.v1.Lease", {
  ...objectFields,
  spec: always(2, LeaseSpec),
})
/** Who holds something and until when: leader election and node heartbeats. */
export interface Lease extends Infer<typeof LeaseSchema> {}

export const Lease = resource<Lease>({
  group: "coordination.k8s.io",
  version: "v1",
  kind: "Lease",
  plural: "leases",
  namespaced: true,
  columns: [
    nameColumn,
    column(
      "Holder",
      textOf("coordination.v1.LeaseSpec", "holderIdentity"),
      ({ spec }) => spec.holderIdentity ?? "",
    ),
    ageColumn,
  ],
  schema: LeaseSchema,
})
