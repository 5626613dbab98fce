import { ensureTemplateGeneration } from "../template-generation.ts"
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
  formatLabels,
  formatSelector,
  imagesText,
  integerColumn,
  nameColumn,
  textOf,
  wideColumn,
} from "../../columns.ts"
import { PodTemplateSpec } from "../../core/v1/pod.ts"
import { LabelSelector } from "../../meta/v1/label-selector.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"

export const DaemonSetUpdateStrategyType = enumeration("OnDelete", "RollingUpdate")
export type DaemonSetUpdateStrategyType = Infer<typeof DaemonSetUpdateStrategyType>

export const RollingUpdateDaemonSet = message("io.k8s.api.apps.v1.RollingUpdateDaemonSet", {
  maxUnavailable: optional(1, intOrString, { default: 1 }),
  maxSurge: optional(2, intOrString, { default: 0 }),
})
export interface RollingUpdateDaemonSet extends Infer<typeof RollingUpdateDaemonSet> {}

export const DaemonSetUpdateStrategy = message(
  "io.k8s.api.apps.v1.DaemonSetUpdateStrategy",
  {
    type: field(1, DaemonSetUpdateStrategyType, { default: "RollingUpdate" }),
    rollingUpdate: optional(2, RollingUpdateDaemonSet),
  },
  { applyDefaults: (strategy) => defaultDaemonSetUpdateStrategy(strategy) },
)
export interface DaemonSetUpdateStrategy extends Infer<typeof DaemonSetUpdateStrategy> {}

export const DaemonSetSpec = message("io.k8s.api.apps.v1.DaemonSetSpec", {
  selector: optional(1, LabelSelector, { required: true }),
  template: always(2, PodTemplateSpec, { required: true }),
  updateStrategy: always(3, DaemonSetUpdateStrategy),
  minReadySeconds: field(4, int32),
  revisionHistoryLimit: optional(6, int32, { default: 10 }),
})
export interface DaemonSetSpec extends Infer<typeof DaemonSetSpec> {}

export const DaemonSetCondition = message("io.k8s.api.apps.v1.DaemonSetCondition", {
  type: always(1, string, { required: true }),
  status: always(2, string, { required: true }),
  lastTransitionTime: always(3, time),
  reason: field(4, string),
  message: field(5, string),
})
export interface DaemonSetCondition extends Infer<typeof DaemonSetCondition> {}

export const DaemonSetStatus = message("io.k8s.api.apps.v1.DaemonSetStatus", {
  currentNumberScheduled: always(1, int32, { required: true }),
  numberMisscheduled: always(2, int32, { required: true }),
  desiredNumberScheduled: always(3, int32, { required: true }),
  numberReady: always(4, int32, { required: true }),
  observedGeneration: field(5, int64),
  updatedNumberScheduled: field(6, int32),
  numberAvailable: field(7, int32),
  numberUnavailable: field(8, int32),
  collisionCount: optional(9, int32),
  conditions: field(10, list(DaemonSetCondition, { keys: ["type"] }), {
    patchStrategy: "merge",
    patchMergeKey: "type",
  }),
})
export interface DaemonSetStatus extends Infer<typeof DaemonSetStatus> {}

export const DaemonSetSchema = message("io.k8s.api.apps.v1.DaemonSet", {
  ...objectFields,
  spec: always(2, DaemonSetSpec),
  status: always(3, DaemonSetStatus),
})
/** One pod on every node that fits. */
export interface DaemonSet extends Infer<typeof DaemonSetSchema> {}

export const DaemonSet = resource<DaemonSet>({
  group: "apps",
  version: "v1",
  kind: "DaemonSet",
  plural: "daemonsets",
  namespaced: true,
  shortNames: ["ds"],
  categories: ["all"],
  hasStatus: true,
  columns: [
    nameColumn,
    integerColumn(
      "Desired",
      textOf("apps.v1.DaemonSetStatus", "desiredNumberScheduled"),
      ({ status }) => status.desiredNumberScheduled,
    ),
    integerColumn(
      "Current",
      textOf("apps.v1.DaemonSetStatus", "currentNumberScheduled"),
      ({ status }) => status.currentNumberScheduled,
    ),
    integerColumn(
      "Ready",
      textOf("apps.v1.DaemonSetStatus", "numberReady"),
      ({ status }) => status.numberReady,
    ),
    integerColumn(
      "Up-to-date",
      textOf("apps.v1.DaemonSetStatus", "updatedNumberScheduled"),
      ({ status }) => status.updatedNumberScheduled ?? 0,
    ),
    integerColumn(
      "Available",
      textOf("apps.v1.DaemonSetStatus", "numberAvailable"),
      ({ status }) => status.numberAvailable ?? 0,
    ),
    column("Node Selector", textOf("core.v1.PodSpec", "nodeSelector"), ({ spec }) =>
      formatLabels(spec.template.spec.nodeSelector),
    ),
    ageColumn,
    wideColumn("Containers", containersText, ({ spec }) =>
      formatContainerNames(spec.template.spec.containers),
    ),
    wideColumn("Images", imagesText, ({ spec }) => formatContainerImages(spec.template.spec.containers)),
    wideColumn(
      "Selector",
      "A label query over pods that are managed by the daemon set. Must match in order to be controlled. It must match the pod template's labels. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors",
      ({ spec }) => formatSelector(spec.selector),
    ),
  ],
  schema: DaemonSetSchema,
  normalize: ensureTemplateGeneration,
})

function defaultDaemonSetUpdateStrategy(strategy: DaemonSetUpdateStrategy): void {
  if (strategy.type === "RollingUpdate") strategy.rollingUpdate ??= { maxUnavailable: 1, maxSurge: 0 }
}
