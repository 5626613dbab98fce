import type { WeightedPlugin } from "./find-node.ts"
import { imageLocality } from "./plugins/image-locality.ts"
import { interPodAffinity } from "./plugins/inter-pod-affinity.ts"
import { nodeAffinity } from "./plugins/node-affinity.ts"
import { nodeName } from "./plugins/node-name.ts"
import { nodePorts } from "./plugins/node-ports.ts"
import { nodeResourcesBalanced } from "./plugins/node-resources-balanced.ts"
import { nodeResourcesFit } from "./plugins/node-resources-fit.ts"
import { nodeUnschedulable } from "./plugins/node-unschedulable.ts"
import { podTopologySpread } from "./plugins/pod-topology-spread.ts"
import { schedulingGates } from "./plugins/scheduling-gates.ts"
import { taintToleration } from "./plugins/taint-toleration.ts"

/** What the scheduler does unless configured otherwise: upstream's default plugins, their order and weights. */
export const defaultPlugins: readonly WeightedPlugin[] = [
  { plugin: schedulingGates, weight: 0 },
  { plugin: nodeUnschedulable, weight: 0 },
  { plugin: nodeName, weight: 0 },
  { plugin: taintToleration, weight: 3 },
  { plugin: nodeAffinity, weight: 2 },
  { plugin: nodePorts, weight: 0 },
  { plugin: nodeResourcesFit(), weight: 1 },
  { plugin: podTopologySpread, weight: 2 },
  { plugin: interPodAffinity, weight: 2 },
  { plugin: nodeResourcesBalanced, weight: 1 },
  { plugin: imageLocality, weight: 1 },
]
