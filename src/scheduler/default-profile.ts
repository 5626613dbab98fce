import type { WeightedPlugin } from "./find-node.ts"
import { gangScheduling } from "./plugins/gang-scheduling.ts"
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
import { nodeVolumeLimits } from "./plugins/volumes/node-volume-limits.ts"
import { volumeBinding } from "./plugins/volumes/volume-binding.ts"
import { volumeRestrictions } from "./plugins/volumes/volume-restrictions.ts"
import { volumeZone } from "./plugins/volumes/volume-zone.ts"
import { defaultPreemptionArgs } from "./preemption/plan-preemption.ts"
import { type Profile, profileOf } from "./profile.ts"

/** Upstream's default plugins, in their order and with their weights. Some remember things, so each scheduler has its own. */
export function defaultPlugins(): readonly WeightedPlugin[] {
  return [
    { plugin: schedulingGates, weight: 0 },
    { plugin: gangScheduling, weight: 0 },
    { plugin: nodeUnschedulable, weight: 0 },
    { plugin: nodeName, weight: 0 },
    { plugin: taintToleration, weight: 3 },
    { plugin: nodeAffinity, weight: 2 },
    { plugin: nodePorts, weight: 0 },
    { plugin: nodeResourcesFit(), weight: 1 },
    { plugin: volumeRestrictions, weight: 0 },
    { plugin: nodeVolumeLimits, weight: 0 },
    { plugin: volumeBinding(), weight: 0 },
    { plugin: volumeZone, weight: 0 },
    { plugin: podTopologySpread, weight: 2 },
    { plugin: interPodAffinity, weight: 2 },
    { plugin: nodeResourcesBalanced(), weight: 1 },
    { plugin: imageLocality, weight: 1 },
  ]
}

/** What the scheduler does unless configured otherwise. */
export function defaultProfile(schedulerName = "default-scheduler"): Profile {
  return profileOf(schedulerName, defaultPlugins(), { preemption: defaultPreemptionArgs })
}
