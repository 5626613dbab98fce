import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  field,
  type Infer,
  int32,
  list,
  message,
  optional,
  string,
  time,
} from "../../../apimachinery/schema.ts"
import { ageColumn, column, nameColumn, textOf } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"

export const QueuingConfiguration = message("io.k8s.api.flowcontrol.v1.QueuingConfiguration", {
  queues: always(1, int32, { default: 64 }),
  handSize: always(2, int32, { default: 8 }),
  queueLengthLimit: always(3, int32, { default: 50 }),
})
export interface QueuingConfiguration extends Infer<typeof QueuingConfiguration> {}

export const LimitResponse = message("io.k8s.api.flowcontrol.v1.LimitResponse", {
  type: always(1, string, { required: true }),
  queuing: optional(2, QueuingConfiguration),
})
export interface LimitResponse extends Infer<typeof LimitResponse> {}

export const LimitedPriorityLevelConfiguration = message(
  "io.k8s.api.flowcontrol.v1.LimitedPriorityLevelConfiguration",
  {
    nominalConcurrencyShares: optional(1, int32, { default: 30 }),
    limitResponse: always(2, LimitResponse),
    lendablePercent: optional(3, int32, { default: 0 }),
    borrowingLimitPercent: optional(4, int32),
  },
)
export interface LimitedPriorityLevelConfiguration extends Infer<typeof LimitedPriorityLevelConfiguration> {}

export const ExemptPriorityLevelConfiguration = message(
  "io.k8s.api.flowcontrol.v1.ExemptPriorityLevelConfiguration",
  {
    nominalConcurrencyShares: optional(1, int32, { default: 0 }),
    lendablePercent: optional(2, int32, { default: 0 }),
  },
)
export interface ExemptPriorityLevelConfiguration extends Infer<typeof ExemptPriorityLevelConfiguration> {}

export const PriorityLevelConfigurationSpec = message(
  "io.k8s.api.flowcontrol.v1.PriorityLevelConfigurationSpec",
  {
    type: always(1, string, { required: true }),
    limited: optional(2, LimitedPriorityLevelConfiguration),
    exempt: optional(3, ExemptPriorityLevelConfiguration),
  },
)
export interface PriorityLevelConfigurationSpec extends Infer<typeof PriorityLevelConfigurationSpec> {}

export const PriorityLevelConfigurationCondition = message(
  "io.k8s.api.flowcontrol.v1.PriorityLevelConfigurationCondition",
  {
    type: field(1, string),
    status: field(2, string),
    lastTransitionTime: always(3, time),
    reason: field(4, string),
    message: field(5, string),
  },
)
export interface PriorityLevelConfigurationCondition
  extends Infer<typeof PriorityLevelConfigurationCondition> {}

export const PriorityLevelConfigurationStatus = message(
  "io.k8s.api.flowcontrol.v1.PriorityLevelConfigurationStatus",
  {
    conditions: field(1, list(PriorityLevelConfigurationCondition, { keys: ["type"] }), {
      patchStrategy: "merge",
      patchMergeKey: "type",
    }),
  },
)
export interface PriorityLevelConfigurationStatus extends Infer<typeof PriorityLevelConfigurationStatus> {}

export const PriorityLevelConfigurationSchema = message(
  "io.k8s.api.flowcontrol.v1.PriorityLevelConfiguration",
  {
    ...objectFields,
    spec: always(2, PriorityLevelConfigurationSpec),
    status: always(3, PriorityLevelConfigurationStatus),
  },
)
/** How many requests of a level run at once, and how the others wait. */
export interface PriorityLevelConfiguration extends Infer<typeof PriorityLevelConfigurationSchema> {}

export const PriorityLevelConfiguration = resource<PriorityLevelConfiguration>({
  group: "flowcontrol.apiserver.k8s.io",
  version: "v1",
  kind: "PriorityLevelConfiguration",
  plural: "prioritylevelconfigurations",
  namespaced: false,
  hasStatus: true,
  columns: [
    nameColumn,
    column("Type", textOf("flowcontrol.v1.PriorityLevelConfigurationSpec", "type"), ({ spec }) => spec.type),
    column(
      "NominalConcurrencyShares",
      textOf("flowcontrol.v1.LimitedPriorityLevelConfiguration", "nominalConcurrencyShares"),
      ({ spec }) => spec.limited?.nominalConcurrencyShares ?? "<none>",
    ),
    column(
      "Queues",
      textOf("flowcontrol.v1.QueuingConfiguration", "queues"),
      ({ spec }) => spec.limited?.limitResponse.queuing?.queues ?? "<none>",
    ),
    column(
      "HandSize",
      textOf("flowcontrol.v1.QueuingConfiguration", "handSize"),
      ({ spec }) => spec.limited?.limitResponse.queuing?.handSize ?? "<none>",
    ),
    column(
      "QueueLengthLimit",
      textOf("flowcontrol.v1.QueuingConfiguration", "queueLengthLimit"),
      ({ spec }) => spec.limited?.limitResponse.queuing?.queueLengthLimit ?? "<none>",
    ),
    ageColumn,
  ],
  schema: PriorityLevelConfigurationSchema,
})
