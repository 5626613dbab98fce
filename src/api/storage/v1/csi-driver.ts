import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  bool,
  field,
  type Infer,
  int64,
  list,
  message,
  optional,
  string,
} from "../../../apimachinery/schema.ts"
import { ageColumn, booleanColumn, column, nameColumn, orNone, textOf } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"

export const TokenRequest = message("io.k8s.api.storage.v1.TokenRequest", {
  audience: always(1, string, { required: true }),
  expirationSeconds: optional(2, int64),
})
export interface TokenRequest extends Infer<typeof TokenRequest> {}

export const CSIDriverSpec = message("io.k8s.api.storage.v1.CSIDriverSpec", {
  attachRequired: optional(1, bool, { default: true }),
  podInfoOnMount: optional(2, bool, { default: false }),
  volumeLifecycleModes: field(3, list(string, { type: "set" }), { default: ["Persistent"] }),
  storageCapacity: optional(4, bool, { default: false }),
  fsGroupPolicy: optional(5, string, { default: "ReadWriteOnceWithFSType" }),
  tokenRequests: field(6, list(TokenRequest)),
  requiresRepublish: optional(7, bool, { default: false }),
  seLinuxMount: optional(8, bool, { default: false }),
  nodeAllocatableUpdatePeriodSeconds: optional(9, int64),
  serviceAccountTokenInSecrets: optional(10, bool),
  preventPodSchedulingIfMissing: optional(11, bool),
})
export interface CSIDriverSpec extends Infer<typeof CSIDriverSpec> {}

export const CSIDriverSchema = message("io.k8s.api.storage.v1.CSIDriver", {
  ...objectFields,
  spec: always(2, CSIDriverSpec, { required: true }),
})
/** What a storage driver can do and wants. */
export interface CSIDriver extends Infer<typeof CSIDriverSchema> {}

export const CSIDriver = resource<CSIDriver>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "CSIDriver",
  plural: "csidrivers",
  namespaced: false,
  columns: [
    nameColumn,
    booleanColumn(
      "AttachRequired",
      textOf("storage.v1.CSIDriverSpec", "attachRequired"),
      ({ spec }) => spec.attachRequired,
    ),
    booleanColumn(
      "PodInfoOnMount",
      textOf("storage.v1.CSIDriverSpec", "podInfoOnMount"),
      ({ spec }) => spec.podInfoOnMount,
    ),
    booleanColumn(
      "StorageCapacity",
      textOf("storage.v1.CSIDriverSpec", "storageCapacity"),
      ({ spec }) => spec.storageCapacity,
    ),
    column(
      "TokenRequests",
      textOf("storage.v1.CSIDriverSpec", "tokenRequests"),
      ({ spec }) => spec.tokenRequests?.map(({ audience }) => audience).join(",") ?? "<unset>",
    ),
    booleanColumn(
      "RequiresRepublish",
      textOf("storage.v1.CSIDriverSpec", "requiresRepublish"),
      ({ spec }) => spec.requiresRepublish,
    ),
    column("Modes", textOf("storage.v1.CSIDriverSpec", "volumeLifecycleModes"), ({ spec }) =>
      orNone(spec.volumeLifecycleModes.join(",")),
    ),
    ageColumn,
  ],
  schema: CSIDriverSchema,
})
