import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
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
import {
  ageColumn,
  containersText,
  formatContainerImages,
  formatContainerNames,
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

export const ReplicaSetSpec = message("io.k8s.api.apps.v1.ReplicaSetSpec", {
  replicas: optional(1, int32, { default: 1 }),
  minReadySeconds: field(4, int32),
  selector: optional(2, LabelSelector, { required: true }),
  template: always(3, PodTemplateSpec),
})
export interface ReplicaSetSpec extends Infer<typeof ReplicaSetSpec> {}

export const ReplicaSetCondition = message("io.k8s.api.apps.v1.ReplicaSetCondition", {
  type: always(1, string, { required: true }),
  status: always(2, string, { required: true }),
  lastTransitionTime: always(3, time),
  reason: field(4, string),
  message: field(5, string),
})
export interface ReplicaSetCondition extends Infer<typeof ReplicaSetCondition> {}

export const ReplicaSetStatus = message("io.k8s.api.apps.v1.ReplicaSetStatus", {
  replicas: always(1, int32, { required: true }),
  fullyLabeledReplicas: field(2, int32),
  readyReplicas: field(4, int32),
  availableReplicas: field(5, int32),
  terminatingReplicas: optional(7, int32),
  observedGeneration: field(3, int64),
  conditions: field(6, list(ReplicaSetCondition, { keys: ["type"] }), {
    patchStrategy: "merge",
    patchMergeKey: "type",
  }),
})
export interface ReplicaSetStatus extends Infer<typeof ReplicaSetStatus> {}

export const ReplicaSetSchema = message("io.k8s.api.apps.v1.ReplicaSet", {
  ...objectFields,
  spec: always(2, ReplicaSetSpec),
  status: always(3, ReplicaSetStatus),
})
/** Keeps a number of like pods alive. */
export interface ReplicaSet extends Infer<typeof ReplicaSetSchema> {}

export const ReplicaSet = resource<ReplicaSet>({
  group: "apps",
  version: "v1",
  kind: "ReplicaSet",
  plural: "replicasets",
  namespaced: true,
  shortNames: ["rs"],
  categories: ["all"],
  hasStatus: true,
  scale: { specReplicas: "spec.replicas", statusReplicas: "status.replicas", labelSelector: "spec.selector" },
  columns: [
    nameColumn,
    integerColumn("Desired", textOf("apps.v1.ReplicaSetSpec", "replicas"), ({ spec }) => spec.replicas),
    integerColumn("Current", textOf("apps.v1.ReplicaSetStatus", "replicas"), ({ status }) => status.replicas),
    integerColumn(
      "Ready",
      textOf("apps.v1.ReplicaSetStatus", "readyReplicas"),
      ({ status }) => status.readyReplicas ?? 0,
    ),
    ageColumn,
    wideColumn("Containers", containersText, ({ spec }) =>
      formatContainerNames(spec.template.spec.containers),
    ),
    wideColumn("Images", imagesText, ({ spec }) => formatContainerImages(spec.template.spec.containers)),
    wideColumn(
      "Selector",
      "Selector is a label query over pods that should match the replica count. Label keys and values that must match in order to be controlled by this replica set. It must match the pod template's labels. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors",
      ({ spec }) => formatSelector(spec.selector),
    ),
  ],
  schema: ReplicaSetSchema,
})
