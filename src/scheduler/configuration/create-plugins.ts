import { parseDuration } from "../../apimachinery/duration.ts"
import type { Plugin } from "../framework.ts"
import { dynamicResources } from "../plugins/devices/dynamic-resources.ts"
import { gangScheduling } from "../plugins/gang-scheduling.ts"
import { imageLocality } from "../plugins/image-locality.ts"
import { interPodAffinity } from "../plugins/inter-pod-affinity.ts"
import { nodeAffinity } from "../plugins/node-affinity.ts"
import { nodeDeclaredFeatures } from "../plugins/node-declared-features.ts"
import { nodeName } from "../plugins/node-name.ts"
import { nodePorts } from "../plugins/node-ports.ts"
import { nodeResourcesBalanced } from "../plugins/node-resources-balanced.ts"
import { nodeResourcesFit } from "../plugins/node-resources-fit.ts"
import { nodeUnschedulable } from "../plugins/node-unschedulable.ts"
import { podTopologySpread } from "../plugins/pod-topology-spread.ts"
import { cpuAndMemory, type ScoringStrategy, type WeightedResource } from "../plugins/resource-shares.ts"
import { schedulingGates } from "../plugins/scheduling-gates.ts"
import { taintToleration } from "../plugins/taint-toleration.ts"
import { nodeVolumeLimits } from "../plugins/volumes/node-volume-limits.ts"
import { volumeBinding } from "../plugins/volumes/volume-binding.ts"
import { volumeRestrictions } from "../plugins/volumes/volume-restrictions.ts"
import { volumeZone } from "../plugins/volumes/volume-zone.ts"
import type { PluginArgs } from "./plugin-args.ts"

/**
 * Every plugin there is, by name, in upstream's order with upstream's weights. What is not a `Plugin` here (how the queue is
 * sorted, who is asked to go, how a pod is bound) is named too, because a configuration may name it.
 */
export interface PluginKind {
  readonly name: string
  readonly weight: number
  /** `ignoredResources`: an extender counts these. */
  readonly create?: (args: PluginArgs, ignoredResources: readonly string[]) => Plugin
}

export const pluginKinds: readonly PluginKind[] = [
  { name: "SchedulingGates", weight: 0, create: () => schedulingGates },
  { name: "PrioritySort", weight: 0 },
  { name: "NodeUnschedulable", weight: 0, create: () => nodeUnschedulable },
  { name: "NodeName", weight: 0, create: () => nodeName },
  { name: "TaintToleration", weight: 3, create: () => taintToleration },
  {
    name: "NodeAffinity",
    weight: 2,
    create: ({ NodeAffinity }) => nodeAffinity(NodeAffinity?.addedAffinity),
  },
  { name: "NodePorts", weight: 0, create: () => nodePorts },
  { name: "NodeResourcesFit", weight: 1, create: createFit },
  { name: "VolumeRestrictions", weight: 0, create: () => volumeRestrictions },
  { name: "NodeVolumeLimits", weight: 0, create: () => nodeVolumeLimits },
  {
    name: "VolumeBinding",
    weight: 0,
    create: ({ VolumeBinding }) =>
      volumeBinding({ bindTimeoutSeconds: VolumeBinding?.bindTimeoutSeconds ?? 600 }),
  },
  { name: "VolumeZone", weight: 0, create: () => volumeZone },
  {
    name: "PodTopologySpread",
    weight: 2,
    create: ({ PodTopologySpread: args }) =>
      podTopologySpread(args?.defaultingType === "List" ? (args.defaultConstraints ?? []) : undefined),
  },
  {
    name: "InterPodAffinity",
    weight: 2,
    create: ({ InterPodAffinity: args }) =>
      interPodAffinity({
        hardWeight: args?.hardPodAffinityWeight ?? 1,
        ignorePreferencesOfOthers: args?.ignorePreferredTermsOfExistingPods ?? false,
      }),
  },
  { name: "DynamicResources", weight: 2, create: createDynamicResources },
  { name: "DefaultPreemption", weight: 0 },
  {
    name: "NodeResourcesBalancedAllocation",
    weight: 1,
    create: ({ NodeResourcesBalancedAllocation: args }) =>
      nodeResourcesBalanced(withWeights(args?.resources)),
  },
  { name: "ImageLocality", weight: 1, create: () => imageLocality },
  { name: "DefaultBinder", weight: 0 },
  { name: "NodeDeclaredFeatures", weight: 0, create: () => nodeDeclaredFeatures },
  { name: "GangScheduling", weight: 0, create: () => gangScheduling },
]

function createFit({ NodeResourcesFit: args }: PluginArgs, ignored: readonly string[]): Plugin {
  return nodeResourcesFit({
    scoringStrategy: toStrategy(args?.scoringStrategy),
    ignoredResources: [...(args?.ignoredResources ?? []), ...ignored],
    ignoredResourceGroups: args?.ignoredResourceGroups ?? [],
  })
}

function createDynamicResources({ DynamicResources: args }: PluginArgs): Plugin {
  return dynamicResources({
    ...(args?.bindingTimeout && { bindingTimeoutMs: parseDuration(args.bindingTimeout) }),
    ...(args?.filterTimeout && { filterTimeoutMs: parseDuration(args.filterTimeout) }),
  })
}

function toStrategy(
  declared: NonNullable<PluginArgs["NodeResourcesFit"]>["scoringStrategy"],
): ScoringStrategy {
  const resources = withWeights(declared?.resources)
  switch (declared?.type) {
    case "RequestedToCapacityRatio":
      return { type: declared.type, resources, shape: declared.requestedToCapacityRatio?.shape ?? [] }
    case "MostAllocated":
      return { type: declared.type, resources }
    default:
      return { type: "LeastAllocated", resources }
  }
}

function withWeights(
  declared: readonly { readonly name: string; readonly weight?: number | undefined }[] | undefined,
): readonly WeightedResource[] {
  if (!declared?.length) return cpuAndMemory
  return declared.map(({ name, weight }) => ({ name, weight: weight || 1 }))
}
