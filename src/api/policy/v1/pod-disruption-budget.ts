import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  enumeration,
  field,
  type Infer,
  int32,
  int64,
  intOrString,
  list,
  mapOf,
  message,
  optional,
  time,
} from "../../../apimachinery/schema.ts"
import { ageColumn, column, integerColumn, nameColumn } from "../../columns.ts"
import { Condition } from "../../meta/v1/condition.ts"
import { LabelSelector } from "../../meta/v1/label-selector.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"

export const UnhealthyPodEvictionPolicyType = enumeration("AlwaysAllow", "IfHealthyBudget")
export type UnhealthyPodEvictionPolicyType = Infer<typeof UnhealthyPodEvictionPolicyType>

export const PodDisruptionBudgetSpec = message("io.k8s.api.policy.v1.PodDisruptionBudgetSpec", {
  minAvailable: optional(1, intOrString),
  selector: optional(2, LabelSelector, { patchStrategy: "replace" }),
  maxUnavailable: optional(3, intOrString),
  unhealthyPodEvictionPolicy: optional(4, UnhealthyPodEvictionPolicyType),
})
export interface PodDisruptionBudgetSpec extends Infer<typeof PodDisruptionBudgetSpec> {}

export const PodDisruptionBudgetStatus = message("io.k8s.api.policy.v1.PodDisruptionBudgetStatus", {
  observedGeneration: field(1, int64),
  disruptedPods: field(2, mapOf(time)),
  disruptionsAllowed: always(3, int32),
  currentHealthy: always(4, int32),
  desiredHealthy: always(5, int32),
  expectedPods: always(6, int32),
  conditions: field(7, list(Condition, { keys: ["type"] }), {
    patchStrategy: "merge",
    patchMergeKey: "type",
  }),
})
export interface PodDisruptionBudgetStatus extends Infer<typeof PodDisruptionBudgetStatus> {}

export const PodDisruptionBudgetSchema = message("io.k8s.api.policy.v1.PodDisruptionBudget", {
  ...objectFields,
  spec: always(2, PodDisruptionBudgetSpec),
  status: always(3, PodDisruptionBudgetStatus),
})
/** How many of its pods may be evicted at once. */
export interface PodDisruptionBudget extends Infer<typeof PodDisruptionBudgetSchema> {}

export const PodDisruptionBudget = resource<PodDisruptionBudget>({
  group: "policy",
  version: "v1",
  kind: "PodDisruptionBudget",
  plural: "poddisruptionbudgets",
  namespaced: true,
  shortNames: ["pdb"],
  hasStatus: true,
  columns: [
    nameColumn,
    column("Min Available", "The minimum number of pods that must be available.", ({ spec }) =>
      String(spec.minAvailable ?? "N/A"),
    ),
    column("Max Unavailable", "The maximum number of pods that may be unavailable.", ({ spec }) =>
      String(spec.maxUnavailable ?? "N/A"),
    ),
    integerColumn(
      "Allowed Disruptions",
      "Calculated number of pods that may be disrupted at this time.",
      ({ status }) => status.disruptionsAllowed,
    ),
    ageColumn,
  ],
  schema: PodDisruptionBudgetSchema,
})
