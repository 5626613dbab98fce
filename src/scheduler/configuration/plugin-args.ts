import { NodeAffinity } from "../../api/core/v1/affinity.ts"
import { TopologySpreadConstraint } from "../../api/core/v1/pod.ts"
import {
  always,
  bool,
  duration,
  type Infer,
  int32,
  int64,
  list,
  message,
  optional,
  string,
} from "../../apimachinery/schema.ts"

// Arguments of plugins (https://kubernetes.io/docs/reference/config-api/kube-scheduler-config.v1/).

const ResourceSpec = message("ResourceSpec", { name: always(1, string), weight: optional(2, int64) })
const UtilizationShapePoint = message("UtilizationShapePoint", {
  utilization: always(1, int32),
  score: always(2, int32),
})
const RequestedToCapacityRatioParam = message("RequestedToCapacityRatioParam", {
  shape: optional(1, list(UtilizationShapePoint)),
})
const ScoringStrategy = message("ScoringStrategy", {
  type: optional(1, string),
  resources: optional(2, list(ResourceSpec)),
  requestedToCapacityRatio: optional(3, RequestedToCapacityRatioParam),
})

const DefaultPreemptionArgs = message("DefaultPreemptionArgs", {
  minCandidateNodesPercentage: optional(1, int32, { default: 10 }),
  minCandidateNodesAbsolute: optional(2, int32, { default: 100 }),
})
const InterPodAffinityArgs = message("InterPodAffinityArgs", {
  hardPodAffinityWeight: optional(1, int32, { default: 1 }),
  ignorePreferredTermsOfExistingPods: optional(2, bool),
})
const NodeAffinityArgs = message("NodeAffinityArgs", { addedAffinity: optional(1, NodeAffinity) })
const NodeResourcesBalancedAllocationArgs = message("NodeResourcesBalancedAllocationArgs", {
  resources: optional(1, list(ResourceSpec)),
})
const NodeResourcesFitArgs = message("NodeResourcesFitArgs", {
  ignoredResources: optional(1, list(string)),
  ignoredResourceGroups: optional(2, list(string)),
  scoringStrategy: optional(3, ScoringStrategy),
})
const PodTopologySpreadArgs = message("PodTopologySpreadArgs", {
  defaultConstraints: optional(1, list(TopologySpreadConstraint)),
  defaultingType: optional(2, string, { default: "System" }),
})
const VolumeBindingArgs = message("VolumeBindingArgs", {
  bindTimeoutSeconds: optional(1, int64, { default: 600 }),
  shape: optional(2, list(UtilizationShapePoint)),
})
const DynamicResourcesArgs = message("DynamicResourcesArgs", {
  filterTimeout: optional(1, duration),
  bindingTimeout: optional(2, duration),
})

/** By the name of the plugin. Others take none. */
export const argsSchemas = {
  DefaultPreemption: DefaultPreemptionArgs,
  InterPodAffinity: InterPodAffinityArgs,
  NodeAffinity: NodeAffinityArgs,
  NodeResourcesBalancedAllocation: NodeResourcesBalancedAllocationArgs,
  NodeResourcesFit: NodeResourcesFitArgs,
  PodTopologySpread: PodTopologySpreadArgs,
  VolumeBinding: VolumeBindingArgs,
  DynamicResources: DynamicResourcesArgs,
} as const

export type PluginArgs = { readonly [N in keyof typeof argsSchemas]?: Infer<(typeof argsSchemas)[N]> }
