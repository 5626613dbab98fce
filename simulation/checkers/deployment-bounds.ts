import type { Deployment } from "../../src/api/apps/v1/deployment.ts"
import type { ReplicaSet } from "../../src/api/apps/v1/replica-set.ts"
import { controllerOf } from "../../src/apimachinery/meta.ts"
import type { Observed } from "../world/history.ts"
import { type Checker, nameOf } from "./checker.ts"

interface Bounds {
  most: number
  least: number
}

/**
 * A rolling update never asks for more pods than replicas and surge, nor for fewer than replicas less what may be
 * unavailable. Right after the number of replicas changes, what was right before still is: the bounds widen at once, and
 * narrow again when the controller has seen the change and all ReplicaSets together are within them.
 */
export function deploymentBounds(): Checker {
  const bounds = new Map<string, Bounds>()
  return {
    name: "deployment-bounds",
    observe({ resource, current, previous }, objects) {
      if (resource === "deployments") {
        if (!current) bounds.delete((previous as Deployment).metadata.uid)
        else follow(current as Deployment, bounds, objects)
        return undefined
      }
      if (resource !== "replicasets" || !current) return undefined
      const owner = controllerOf(current)
      const deployment =
        owner && objects.find<Deployment>("deployments", current.metadata.namespace!, owner.name)
      if (!deployment || deployment.metadata.uid !== owner.uid) return undefined
      return check(deployment, previous as ReplicaSet | undefined, current as ReplicaSet, bounds, objects)
    },
  }
}

function follow(deployment: Deployment, bounds: Map<string, Bounds>, objects: Observed): void {
  const { uid, generation = 0, deletionTimestamp } = deployment.metadata
  const now = boundsOf(deployment)
  const known = bounds.get(uid)
  const asked = askedFor(deployment, objects)
  const isSettled =
    (deployment.status.observedGeneration ?? 0) >= generation && asked <= now.most && asked >= now.least
  if (!known || isSettled) bounds.set(uid, now)
  else {
    known.most = Math.max(known.most, now.most)
    known.least = Math.min(known.least, now.least)
  }
  if (deletionTimestamp) bounds.set(uid, { most: Number.POSITIVE_INFINITY, least: 0 })
}

function boundsOf({ spec }: Deployment): Bounds {
  const replicas = spec.replicas ?? 1
  if (spec.strategy?.type === "Recreate") return { most: replicas, least: 0 }
  const { maxSurge = 0, maxUnavailable = 0 } = spec.strategy?.rollingUpdate ?? {}
  return { most: replicas + Number(maxSurge), least: replicas - Number(maxUnavailable) }
}

function check(
  deployment: Deployment,
  previous: ReplicaSet | undefined,
  current: ReplicaSet,
  bounds: Map<string, Bounds>,
  objects: Observed,
): string | undefined {
  const limits = bounds.get(deployment.metadata.uid)
  if (!limits || deployment.metadata.deletionTimestamp) return undefined
  const by = (current.spec.replicas ?? 0) - (previous?.spec.replicas ?? 0)
  const asked = askedFor(deployment, objects)
  if (by > 0 && asked > limits.most)
    return `${nameOf(deployment)}: ${nameOf(current)} grows by ${by} and all ask for ${asked}, more than ${limits.most}`
  if (by < 0 && asked < limits.least)
    return `${nameOf(deployment)}: ${nameOf(current)} shrinks by ${-by} and all ask for ${asked}, less than ${limits.least}`
  return undefined
}

function askedFor({ metadata }: Deployment, objects: Observed): number {
  return objects
    .list<ReplicaSet>("replicasets")
    .filter((replicaSet) => controllerOf(replicaSet)?.uid === metadata.uid)
    .reduce((sum, { spec }) => sum + (spec.replicas ?? 0), 0)
}
