import { ReplicationController } from "../../api/core/v1/replication-controller.ts"
import type { Pod, TopologySpreadConstraint } from "../../api/core/v1/pod.ts"
import { Service } from "../../api/core/v1/service.ts"
import { ReplicaSet } from "../../api/apps/v1/replica-set.ts"
import { StatefulSet } from "../../api/apps/v1/stateful-set.ts"
import { controllerOf } from "../../apimachinery/meta.ts"
import {
  matchesLabels,
  requirement,
  type Selector,
  selectorFromLabels,
  selectorFromObject,
  selectorOf,
} from "../../apimachinery/labels.ts"
import type { Cache } from "../../client/cache.ts"

/** A topology spread constraint with every default filled in. */
export interface SpreadConstraint {
  readonly maxSkew: number
  readonly topologyKey: string
  readonly selector: Selector
  readonly minDomains: number
  /** Count only nodes that the pod's node affinity and selector allow. */
  readonly honorsAffinity: boolean
  /** Count only nodes whose taints the pod tolerates. */
  readonly honorsTaints: boolean
}

export function spreadConstraints(pod: Pod, action: "DoNotSchedule" | "ScheduleAnyway"): SpreadConstraint[] {
  return (pod.spec.topologySpreadConstraints ?? [])
    .filter(({ whenUnsatisfiable }) => whenUnsatisfiable === action)
    .map((declared) => ({
      maxSkew: declared.maxSkew,
      topologyKey: declared.topologyKey,
      selector: selectorWithLabelKeys(declared, pod),
      minDomains: declared.minDomains ?? 1,
      honorsAffinity: (declared.nodeAffinityPolicy ?? "Honor") === "Honor",
      honorsTaints: declared.nodeTaintsPolicy === "Honor",
    }))
}

/** Constraints that a configuration declares for pods that declare none; whom they mean is deduced for each pod. */
export function listedConstraints(
  declared: readonly TopologySpreadConstraint[],
  pod: Pod,
  action: "DoNotSchedule" | "ScheduleAnyway",
  cache: Cache,
): SpreadConstraint[] {
  const wanted = declared.filter(({ whenUnsatisfiable }) => whenUnsatisfiable === action)
  const selector = wanted.length ? workloadSelector(pod, cache) : undefined
  if (!selector) return []
  return wanted.map(({ maxSkew, topologyKey, minDomains, nodeAffinityPolicy, nodeTaintsPolicy }) => ({
    maxSkew,
    topologyKey,
    selector,
    minDomains: minDomains ?? 1,
    honorsAffinity: (nodeAffinityPolicy ?? "Honor") === "Honor",
    honorsTaints: nodeTaintsPolicy === "Honor",
  }))
}

/**
 * What is wished for when a pod declares nothing: that the pods of one workload do not sit together, on nodes first, then
 * in zones. Nothing for pods that belong to nobody.
 */
export function defaultConstraints(pod: Pod, cache: Cache): SpreadConstraint[] {
  const selector = workloadSelector(pod, cache)
  if (!selector) return []
  const common = { selector, minDomains: 1, honorsAffinity: true, honorsTaints: false }
  return [
    { ...common, topologyKey: "kubernetes.io/hostname", maxSkew: 3 },
    { ...common, topologyKey: "topology.kubernetes.io/zone", maxSkew: 5 },
  ]
}

/** The resources whose selectors say which pods belong together. */
export const workloadResources = [Service, ReplicationController, ReplicaSet, StatefulSet] as const

function selectorWithLabelKeys(
  { labelSelector, matchLabelKeys }: TopologySpreadConstraint,
  pod: Pod,
): Selector {
  const selector = selectorFromObject(labelSelector)
  const extra = (matchLabelKeys ?? []).flatMap((key) => {
    const value = pod.metadata.labels?.[key]
    return value === undefined ? [] : [requirement(key, "in", [value])]
  })
  return extra.length ? selectorOf([...selector.requirements, ...extra]) : selector
}

/** What all Services in front of the pod, and the workload behind it, select: all of it together. */
function workloadSelector(pod: Pod, cache: Cache): Selector | undefined {
  const namespace = pod.metadata.namespace ?? ""
  const requirements = cache
    .list(Service, { namespace })
    .map(({ spec }) => spec.selector)
    .filter((labels) => labels && Object.keys(labels).length > 0)
    .map((labels) => selectorFromLabels(labels))
    .filter((selector) => matchesLabels(selector, pod.metadata.labels))
    .flatMap((selector) => selector.requirements)
  const owner = controllerOf(pod)
  const key = owner && { namespace, name: owner.name }
  if (owner?.kind === "ReplicaSet")
    requirements.push(...fromObject(cache.find(ReplicaSet, key!)?.spec.selector))
  if (owner?.kind === "StatefulSet")
    requirements.push(...fromObject(cache.find(StatefulSet, key!)?.spec.selector))
  if (owner?.kind === "ReplicationController") {
    requirements.push(
      ...selectorFromLabels(cache.find(ReplicationController, key!)?.spec.selector).requirements,
    )
  }
  return requirements.length ? selectorOf(requirements) : undefined
}

function fromObject(object: Parameters<typeof selectorFromObject>[0]): Selector["requirements"] {
  return object ? selectorFromObject(object).requirements : []
}
