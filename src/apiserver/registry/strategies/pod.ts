import type { KubeObject } from "../../../apimachinery/meta.ts"
import type { Pod } from "../../../api/core/v1/pod.ts"
import { podQosClass } from "../../../api/core/v1/pod-qos.ts"
import { deepEqual } from "../../handlers/equal-objects.ts"
import type { Mutable, Strategy } from "../strategy.ts"

/** What the server says about a pod that its writer does not. */
export const podStrategy: Partial<Strategy> = {
  prepareForCreate(object) {
    const pod = asPod(object)
    pod.status = { phase: "Pending", qosClass: podQosClass(pod) }
    if (pod.spec.schedulingGates?.length) pod.status.conditions = [schedulingGated]
  },

  prepareForUpdate(object, old) {
    asPod(object).status = asPod(old).status
  },

  prepareForStatusUpdate(object, old) {
    const pod = asPod(object)
    const before = asPod(old)
    pod.spec = before.spec
    keepOwners(pod, before)
    // Set once and for all; old kubelets leave it out when they reject a pod.
    if (!pod.status.qosClass && before.status.qosClass) pod.status.qosClass = before.status.qosClass
    keepObservedGenerations(pod, before)
  },

  /** A pod on a node is given the time it asks for; one that runs nowhere goes at once. */
  gracePeriodSeconds(object, requested) {
    const { spec, status } = asPod(object)
    if (!spec.nodeName || status.phase === "Failed" || status.phase === "Succeeded") return 0
    const seconds = requested ?? spec.terminationGracePeriodSeconds ?? 0
    return seconds < 0 ? 1 : seconds
  },
}

/** Any change of what is wished for is a new generation. */
export function bumpPodGeneration(object: Mutable, old: KubeObject): void {
  const before = old.metadata.generation ?? 0
  object.metadata.generation = deepEqual(object["spec"], asPod(old).spec) ? before : before + 1
}

function asPod(object: KubeObject): Pod {
  return object as unknown as Pod
}

const schedulingGated = {
  type: "PodScheduled",
  status: "False",
  lastProbeTime: null as unknown as string,
  lastTransitionTime: null as unknown as string,
  reason: "SchedulingGated",
  message: "Scheduling is blocked due to non-empty scheduling gates",
}

// Old kubelets corrupt them in a way that breaks garbage collection.
function keepOwners(pod: Pod, before: Pod): void {
  const { ownerReferences } = before.metadata
  if (ownerReferences) pod.metadata.ownerReferences = ownerReferences
  else delete pod.metadata.ownerReferences
}

/** A writer that does not know of observedGeneration must not wipe it. */
function keepObservedGenerations(pod: Pod, before: Pod): void {
  const { status } = pod
  if (!status.observedGeneration && before.status.observedGeneration) {
    status.observedGeneration = before.status.observedGeneration
  }
  const old = before.status.conditions ?? []
  status.conditions?.forEach((condition, index) => {
    if (condition.observedGeneration) return
    // The same type may stand there more than once: the first pairs with the first.
    const rank = status.conditions!.slice(0, index).filter(({ type }) => type === condition.type).length
    const generation = old.filter(({ type }) => type === condition.type)[rank]?.observedGeneration
    if (generation) condition.observedGeneration = generation
  })
}
