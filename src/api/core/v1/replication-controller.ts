import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  field,
  type Infer,
  int32,
  int64,
  list,
  mapOf,
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
  formatLabels,
  imagesText,
  integerColumn,
  nameColumn,
  textOf,
  wideColumn,
} from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { PodTemplateSpec } from "./pod.ts"

export const ReplicationControllerSpec = message("io.k8s.api.core.v1.ReplicationControllerSpec", {
  replicas: optional(1, int32, { default: 1 }),
  minReadySeconds: field(4, int32),
  selector: field(2, mapOf(string, { atomic: true })),
  template: optional(3, PodTemplateSpec),
})
export interface ReplicationControllerSpec extends Infer<typeof ReplicationControllerSpec> {}

export const ReplicationControllerCondition = message("io.k8s.api.core.v1.ReplicationControllerCondition", {
  type: always(1, string, { required: true }),
  status: always(2, string, { required: true }),
  lastTransitionTime: always(3, time),
  reason: field(4, string),
  message: field(5, string),
})
export interface ReplicationControllerCondition extends Infer<typeof ReplicationControllerCondition> {}

export const ReplicationControllerStatus = message("io.k8s.api.core.v1.ReplicationControllerStatus", {
  replicas: always(1, int32, { required: true }),
  fullyLabeledReplicas: field(2, int32),
  readyReplicas: field(4, int32),
  availableReplicas: field(5, int32),
  observedGeneration: field(3, int64),
  conditions: field(6, list(ReplicationControllerCondition, { keys: ["type"] }), {
    patchStrategy: "merge",
    patchMergeKey: "type",
  }),
})
export interface ReplicationControllerStatus extends Infer<typeof ReplicationControllerStatus> {}

export const ReplicationControllerSchema = message(
  "io.k8s.api.core.v1.ReplicationController",
  {
    ...objectFields,
    spec: always(2, ReplicationControllerSpec),
    status: always(3, ReplicationControllerStatus),
  },
  { applyDefaults: (controller) => defaultReplicationController(controller) },
)
/** The oldest way to keep a number of pods alive; ReplicaSet took its place. */
export interface ReplicationController extends Infer<typeof ReplicationControllerSchema> {}

export const ReplicationController = resource<ReplicationController>({
  group: "",
  version: "v1",
  kind: "ReplicationController",
  plural: "replicationcontrollers",
  namespaced: true,
  shortNames: ["rc"],
  categories: ["all"],
  hasStatus: true,
  scale: { specReplicas: "spec.replicas", statusReplicas: "status.replicas", labelSelector: "spec.selector" },
  storagePrefix: "controllers",
  columns: [
    nameColumn,
    integerColumn(
      "Desired",
      textOf("core.v1.ReplicationControllerSpec", "replicas"),
      ({ spec }) => spec.replicas,
    ),
    integerColumn(
      "Current",
      textOf("core.v1.ReplicationControllerStatus", "replicas"),
      ({ status }) => status.replicas,
    ),
    integerColumn(
      "Ready",
      textOf("core.v1.ReplicationControllerStatus", "readyReplicas"),
      ({ status }) => status.readyReplicas ?? 0,
    ),
    ageColumn,
    wideColumn("Containers", containersText, ({ spec }) =>
      formatContainerNames(spec.template?.spec.containers),
    ),
    wideColumn("Images", imagesText, ({ spec }) => formatContainerImages(spec.template?.spec.containers)),
    wideColumn("Selector", textOf("core.v1.ReplicationControllerSpec", "selector"), ({ spec }) =>
      formatLabels(spec.selector),
    ),
  ],
  selectableFields: {
    "status.replicas": ({ status }) => String(status.replicas),
  },
  schema: ReplicationControllerSchema,
})

function defaultReplicationController({ metadata, spec }: ReplicationController): void {
  const labels = spec.template?.metadata?.labels
  if (!labels) return
  const isEmpty = (map: object | undefined) => Object.keys(map ?? {}).length === 0
  if (isEmpty(spec.selector)) spec.selector = { ...labels }
  if (isEmpty(metadata.labels)) metadata.labels = { ...labels }
}
