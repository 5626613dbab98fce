import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  bool,
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
  formatSelector,
  imagesText,
  nameColumn,
  textOf,
  wideColumn,
} from "../../columns.ts"
import { PodTemplateSpec } from "../../core/v1/pod.ts"
import { LabelSelector } from "../../meta/v1/label-selector.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"

export const DeploymentStrategyType = enumeration("Recreate", "RollingUpdate")
export type DeploymentStrategyType = Infer<typeof DeploymentStrategyType>

export const RollingUpdateDeployment = message("io.k8s.api.apps.v1.RollingUpdateDeployment", {
  maxUnavailable: optional(1, intOrString, { default: "25%" }),
  maxSurge: optional(2, intOrString, { default: "25%" }),
})
export interface RollingUpdateDeployment extends Infer<typeof RollingUpdateDeployment> {}

export const DeploymentStrategy = message(
  "io.k8s.api.apps.v1.DeploymentStrategy",
  {
    type: field(1, DeploymentStrategyType, { default: "RollingUpdate" }),
    rollingUpdate: optional(2, RollingUpdateDeployment),
  },
  { applyDefaults: (strategy) => defaultDeploymentStrategy(strategy) },
)
export interface DeploymentStrategy extends Infer<typeof DeploymentStrategy> {}

export const DeploymentSpec = message("io.k8s.api.apps.v1.DeploymentSpec", {
  replicas: optional(1, int32, { default: 1 }),
  selector: optional(2, LabelSelector, { required: true }),
  template: always(3, PodTemplateSpec, { required: true }),
  strategy: always(4, DeploymentStrategy, { patchStrategy: "retainKeys" }),
  minReadySeconds: field(5, int32),
  revisionHistoryLimit: optional(6, int32, { default: 10 }),
  paused: field(7, bool),
  progressDeadlineSeconds: optional(9, int32, { default: 600 }),
})
export interface DeploymentSpec extends Infer<typeof DeploymentSpec> {}

export const DeploymentCondition = message("io.k8s.api.apps.v1.DeploymentCondition", {
  type: always(1, string, { required: true }),
  status: always(2, string, { required: true }),
  lastUpdateTime: always(6, time),
  lastTransitionTime: always(7, time),
  reason: field(4, string),
  message: field(5, string),
})
export interface DeploymentCondition extends Infer<typeof DeploymentCondition> {}

export const DeploymentStatus = message("io.k8s.api.apps.v1.DeploymentStatus", {
  observedGeneration: field(1, int64),
  replicas: field(2, int32),
  updatedReplicas: field(3, int32),
  readyReplicas: field(7, int32),
  availableReplicas: field(4, int32),
  unavailableReplicas: field(5, int32),
  terminatingReplicas: optional(9, int32),
  conditions: field(6, list(DeploymentCondition, { keys: ["type"] }), {
    patchStrategy: "merge",
    patchMergeKey: "type",
  }),
  collisionCount: optional(8, int32),
})
export interface DeploymentStatus extends Infer<typeof DeploymentStatus> {}

export const DeploymentSchema = message("io.k8s.api.apps.v1.Deployment", {
  ...objectFields,
  spec: always(2, DeploymentSpec),
  status: always(3, DeploymentStatus),
})
/** Pods that are all alike, replaced step by step when their template changes. */
export interface Deployment extends Infer<typeof DeploymentSchema> {}

export const Deployment = resource<Deployment>({
  group: "apps",
  version: "v1",
  kind: "Deployment",
  plural: "deployments",
  namespaced: true,
  shortNames: ["deploy"],
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
    column(
      "Up-to-date",
      textOf("apps.v1.DeploymentStatus", "updatedReplicas"),
      ({ status }) => status.updatedReplicas ?? 0,
    ),
    column(
      "Available",
      textOf("apps.v1.DeploymentStatus", "availableReplicas"),
      ({ status }) => status.availableReplicas ?? 0,
    ),
    ageColumn,
    wideColumn("Containers", containersText, ({ spec }) =>
      formatContainerNames(spec.template.spec.containers),
    ),
    wideColumn("Images", imagesText, ({ spec }) => formatContainerImages(spec.template.spec.containers)),
    wideColumn(
      "Selector",
      "Label selector for pods. Existing ReplicaSets whose pods are selected by this will be the ones affected by this deployment. It must match the pod template's labels.",
      ({ spec }) => formatDeploymentSelector(spec),
    ),
  ],
  schema: DeploymentSchema,
})

function defaultDeploymentStrategy(strategy: DeploymentStrategy): void {
  if (strategy.type === "RollingUpdate") strategy.rollingUpdate ??= { maxUnavailable: "25%", maxSurge: "25%" }
}

/** Unlike other kinds' it is empty where there is nothing to say. */
function formatDeploymentSelector({ selector }: DeploymentSpec): string {
  const text = formatSelector(selector)
  return text === "<none>" ? "" : text === "<error>" ? "<invalid>" : text
}
