import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  field,
  type Infer,
  message,
  microTime,
  optional,
  string,
} from "../../../apimachinery/schema.ts"
import { ageColumn, column, nameColumn, textOf } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"

export const LeaseCandidateSpec = message("io.k8s.api.coordination.v1beta1.LeaseCandidateSpec", {
  leaseName: always(1, string, { required: true }),
  pingTime: optional(2, microTime),
  renewTime: optional(3, microTime),
  binaryVersion: always(4, string, { required: true }),
  emulationVersion: field(5, string),
  strategy: field(6, string, { required: true }),
})
export interface LeaseCandidateSpec extends Infer<typeof LeaseCandidateSpec> {}

export const LeaseCandidateSchema = message("io.k8s.api.coordination.v1beta1.LeaseCandidate", {
  ...objectFields,
  spec: always(2, LeaseCandidateSpec, { required: true }),
})
/** A component that would take a Lease, and which version it runs. */
export interface LeaseCandidate extends Infer<typeof LeaseCandidateSchema> {}

export const LeaseCandidate = resource<LeaseCandidate>({
  group: "coordination.k8s.io",
  version: "v1beta1",
  kind: "LeaseCandidate",
  plural: "leasecandidates",
  namespaced: true,
  columns: [
    nameColumn,
    column(
      "LeaseName",
      textOf("coordination.v1alpha2.LeaseCandidateSpec", "leaseName"),
      ({ spec }) => spec.leaseName,
    ),
    column("BinaryVersion", "", ({ spec }) => spec.binaryVersion),
    column("EmulationVersion", "", ({ spec }) => spec.emulationVersion ?? ""),
    ageColumn,
  ],
  schema: LeaseCandidateSchema,
})
