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
  message,
  optional,
  string,
  time,
} from "../../../apimachinery/schema.ts"
import {
  ageColumn,
  column,
  containersText,
  formatContainerImages,
  formatContainerNames,
  imagesText,
  nameColumn,
  wideColumn,
} from "../../columns.ts"
import { PersistentVolumeClaimSchema } from "../../core/v1/persistent-volume-claim.ts"
import { PodTemplateSpec } from "../../core/v1/pod.ts"
import { LabelSelector } from "../../meta/v1/label-selector.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"

export const PodManagementPolicyType = enumeration("OrderedReady", "Parallel")
export type PodManagementPolicyType = Infer<typeof PodManagementPolicyType>

export const StatefulSetUpdateStrategyType = enumeration("OnDelete", "RollingUpdate")
export type StatefulSetUpdateStrategyType = Infer<typeof StatefulSetUpdateStrategyType>

export const RollingUpdateStatefulSetStrategy = message(
  "io.k8s.api.apps.v1.RollingUpdateStatefulSetStrategy",
  {
    partition: optional(1, int32, { default: 0 }),
    maxUnavailable: optional(2, intOrString),
  },
)
export interface RollingUpdateStatefulSetStrategy extends Infer<typeof RollingUpdateStatefulSetStrategy> {}

export const StatefulSetUpdateStrategy = message(
  "io.k8s.api.apps.v1.StatefulSetUpdateStrategy",
  {
    type: field(1, StatefulSetUpdateStrategyType),
    rollingUpdate: optional(2, RollingUpdateStatefulSetStrategy),
  },
  { applyDefaults: (strategy) => defaultUpdateStrategy(strategy) },
)
export interface StatefulSetUpdateStrategy extends Infer<typeof StatefulSetUpdateStrategy> {}

export const StatefulSetPersistentVolumeClaimRetentionPolicy = message(
  "io.k8s.api.apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy",
  {
    whenDeleted: field(1, string, { default: "Retain" }),
    whenScaled: field(2, string, { default: "Retain" }),
  },
)
export interface StatefulSetPersistentVolumeClaimRetentionPolicy
  extends Infer<typeof StatefulSetPersistentVolumeClaimRetentionPolicy> {}

export const StatefulSetOrdinals = message("io.k8s.api.apps.v1.StatefulSetOrdinals", {
  start: always(1, int32),
})
export interface StatefulSetOrdinals extends Infer<typeof StatefulSetOrdinals> {}

export const StatefulSetSpec = message(
  "io.k8s.api.apps.v1.StatefulSetSpec",
  {
    replicas: optional(1, int32, { default: 1 }),
    selector: optional(2, LabelSelector, { required: true }),
    template: always(3, PodTemplateSpec, { required: true }),
    volumeClaimTemplates: field(4, list(PersistentVolumeClaimSchema)),
    serviceName: always(5, string),
    podManagementPolicy: field(6, PodManagementPolicyType, { default: "OrderedReady" }),
    updateStrategy: always(7, StatefulSetUpdateStrategy),
    revisionHistoryLimit: optional(8, int32, { default: 10 }),
    minReadySeconds: field(9, int32),
    persistentVolumeClaimRetentionPolicy: optional(10, StatefulSetPersistentVolumeClaimRetentionPolicy, {
      default: { whenDeleted: "Retain", whenScaled: "Retain" },
    }),
    ordinals: optional(11, StatefulSetOrdinals),
  },
  { applyDefaults: (spec) => defaultStatefulSetSpec(spec) },
)
export interface StatefulSetSpec extends Infer<typeof StatefulSetSpec> {}

export const StatefulSetCondition = message("io.k8s.api.apps.v1.StatefulSetCondition", {
  type: always(1, string, { required: true }),
  status: always(2, string, { required: true }),
  lastTransitionTime: always(3, time),
  reason: field(4, string),
  message: field(5, string),
})
export interface StatefulSetCondition extends Infer<typeof StatefulSetCondition> {}

export const StatefulSetStatus = message("io.k8s.api.apps.v1.StatefulSetStatus", {
  observedGeneration: field(1, int64),
  replicas: always(2, int32, { required: true }),
  readyReplicas: field(3, int32),
  currentReplicas: field(4, int32),
  updatedReplicas: field(5, int32),
  currentRevision: field(6, string),
  updateRevision: field(7, string),
  collisionCount: optional(9, int32),
  conditions: field(10, list(StatefulSetCondition, { keys: ["type"] }), {
    patchStrategy: "merge",
    patchMergeKey: "type",
  }),
  availableReplicas: always(11, int32),
})
export interface StatefulSetStatus extends Infer<typeof StatefulSetStatus> {}

export const StatefulSetSchema = message("io.k8s.api.apps.v1.StatefulSet", {
  ...objectFields,
  spec: always(2, StatefulSetSpec),
  status: always(3, StatefulSetStatus),
})
/** Pods with lasting names and storage, started and stopped in order. */
export interface StatefulSet extends Infer<typeof StatefulSetSchema> {}

export const StatefulSet = resource<StatefulSet>({
  group: "apps",
  version: "v1",
  kind: "StatefulSet",
  plural: "statefulsets",
  namespaced: true,
  shortNames: ["sts"],
  categories: ["all"],
  hasStatus: true,
  scale: { specReplicas: "spec.replicas", statusReplicas: "status.replicas", labelSelector: "spec.selector" },
  columns: [
    nameColumn,
    column(
      "Ready",
      "Number of the pod with ready state",
      ({ spec, status }) => `${status.readyReplicas ?? 0}/${spec.replicas}`,
    ),
    ageColumn,
    wideColumn("Containers", containersText, ({ spec }) =>
      formatContainerNames(spec.template.spec.containers),
    ),
    wideColumn("Images", imagesText, ({ spec }) => formatContainerImages(spec.template.spec.containers)),
  ],
  schema: StatefulSetSchema,
})

/** One that names its type and no more stays as it is, unlike a Deployment's. */
function defaultUpdateStrategy(strategy: StatefulSetUpdateStrategy): void {
  if (strategy.type) return
  strategy.type = "RollingUpdate"
  strategy.rollingUpdate ??= { partition: 0 }
}

function defaultStatefulSetSpec(spec: StatefulSetSpec): void {
  for (const claim of spec.volumeClaimTemplates ?? []) {
    Object.assign(claim, { apiVersion: "v1", kind: "PersistentVolumeClaim" })
  }
}
