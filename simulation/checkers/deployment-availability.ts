import type { Deployment } from "../../src/api/apps/v1/deployment.ts"
import type { ReplicaSet } from "../../src/api/apps/v1/replica-set.ts"
import type { Pod } from "../../src/api/core/v1/pod.ts"
import { controllerOf } from "../../src/apimachinery/meta.ts"
import type { Observed } from "../world/history.ts"
import { Armed } from "./armed.ts"
import { type Checker, nameOf } from "./checker.ts"
import { isAvailable, isDisturbance, isGoing } from "./disruptions.ts"

/** A rolling update never leaves fewer pods available than replicas less maxUnavailable. */
export function deploymentAvailability(): Checker {
  const armed = new Armed()
  return {
    name: "deployment-availability",
    disturbing: () => armed.before(),
    disturbed: (atMs) => armed.after(atMs),
    observe({ resource, current, previous, atMs }, objects) {
      if (resource === "deployments") {
        if (current) look(current as Deployment, armed, atMs, objects)
        return undefined
      }
      if (resource !== "pods") return undefined
      const deployment = deploymentOf((current ?? previous) as Pod, objects)
      if (!deployment) return undefined
      const { uid } = deployment.metadata
      if (isDisturbance(current as Pod | undefined, previous as Pod | undefined)) armed.disarm(uid)
      const available = availableOf(deployment, objects)
      return armed.has(uid) && available < leastOf(deployment) && !isGoing(deployment, objects)
        ? `${nameOf(deployment)} has ${available} pods available, and never fewer than ${leastOf(deployment)} were promised`
        : undefined
    },
  }
}

function look(deployment: Deployment, armed: Armed, atMs: number, objects: Observed): void {
  const { uid, generation, deletionTimestamp } = deployment.metadata
  const { observedGeneration, replicas = 0, updatedReplicas, availableReplicas } = deployment.status
  const wanted = deployment.spec.replicas ?? 1
  const known = armed.has(uid)
  // A promise about other numbers holds when they have been reached.
  if (deletionTimestamp || (known && availableOf(deployment, objects) < leastOf(deployment)))
    return armed.disarm(uid)
  const isAtRest =
    observedGeneration === generation &&
    replicas === wanted &&
    updatedReplicas === wanted &&
    availableReplicas === wanted &&
    availableOf(deployment, objects) === wanted
  if (isAtRest && deployment.spec.strategy?.type === "RollingUpdate") armed.arm(uid, atMs)
}

function leastOf({ spec }: Deployment): number {
  return (spec.replicas ?? 1) - Number(spec.strategy?.rollingUpdate?.maxUnavailable ?? 0)
}

function deploymentOf(pod: Pod, objects: Observed): Deployment | undefined {
  const namespace = pod.metadata.namespace!
  const byReplicaSet = controllerOf(pod)
  const replicaSet = byReplicaSet && objects.find<ReplicaSet>("replicasets", namespace, byReplicaSet.name)
  const owner = replicaSet && controllerOf(replicaSet)
  const deployment = owner && objects.find<Deployment>("deployments", namespace, owner.name)
  return deployment?.metadata.uid === owner?.uid ? deployment : undefined
}

function availableOf(deployment: Deployment, objects: Observed): number {
  const ours = new Set(
    objects
      .list<ReplicaSet>("replicasets")
      .filter((each) => controllerOf(each)?.uid === deployment.metadata.uid)
      .map(({ metadata }) => metadata.uid),
  )
  return objects.list<Pod>("pods").filter((pod) => ours.has(controllerOf(pod)?.uid ?? "") && isAvailable(pod))
    .length
}
