/**
 * Deployment: pods of the present template run, `spec.replicas` of them, and get there from the previous template
 * without fewer being available, or more existing, than the strategy allows.
 *
 * Owns one ReplicaSet per template, by owner reference; adopts orphans that its selector selects.
 * Reads Deployments, ReplicaSets and (for Recreate) pods; writes ReplicaSets, and the Deployment's status and revision.
 * Woken by changes of the Deployment and its ReplicaSets, by pods that end while it recreates, and by the progress
 * deadline.
 */
import { Deployment } from "../../api/apps/v1/deployment.ts"
import { ReplicaSet } from "../../api/apps/v1/replica-set.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { selectorFromObject, selectsEverything } from "../../apimachinery/labels.ts"
import { controllerOf, keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import type { Cache } from "../../client/cache.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  requeueAfter,
  type Result,
  watch,
} from "../../client/controller.ts"
import { podStatusRestMs } from "../shared/pod-status-rest.ts"
import { claim, orphanIndex } from "../shared/claim.ts"
import { keysOfOwner } from "../shared/keys-of-owner.ts"
import { applyStep, reportedOutcome, type StepResult } from "./apply.ts"
import { revisionAnnotation } from "./annotations.ts"
import { planDeployment } from "./plan.ts"
import { type Generations, generationsOf } from "./replica-sets.ts"
import { computeStatus, nextProgressCheckInMs } from "./status.ts"
import { updateDeploymentStatus } from "./update-status.ts"

export const deploymentController: ControllerDefinition = {
  name: "deployment-controller",
  restMs: podStatusRestMs,
  watches: [
    watch(Deployment, (deployment) => [keyOf(deployment)]),
    watch(ReplicaSet, keysOfOwner(Deployment), orphanIndex),
    watch(Pod, keysOfRecreate),
  ],
  reconcile,
}

async function reconcile(key: ObjectKey, context: ReconcileContext): Promise<Result> {
  const { client, cache, clock, events } = context

  // Observe.
  const deployment = cache.find(Deployment, key)
  if (!deployment) return done
  const selector = selectorFromObject(deployment.spec.selector)
  if (selectsEverything(selector)) {
    const message = "This deployment is selecting all pods. A non-empty selector is required."
    events.event(deployment, "Warning", "SelectingAll", message)
    const observedGeneration = deployment.metadata.generation
    await updateDeploymentStatus(client, deployment, { ...deployment.status, observedGeneration })
    return done
  }
  const owner = { resource: Deployment, object: deployment }
  const generations = generationsOf(deployment, await claim(context, owner, selector, ReplicaSet))
  const nowMs = clock.now()

  // Decide.
  const { mode, steps } = planDeployment(deployment, generations, () => oldPodsOf(generations, cache))

  // Act.
  const results: StepResult[] = []
  for (const step of steps) results.push(await applyStep(context, deployment, step))

  // Report.
  const { outcome, collisionCount, revision, error } = reportedOutcome(results)
  const status = computeStatus({ deployment, generations, mode, outcome, collisionCount, nowMs })
  const annotations = { [revisionAnnotation]: revision ?? revisionToReport(generations) }
  await updateDeploymentStatus(client, deployment, status, annotations)
  if (error !== undefined) throw error
  const checkInMs = nextProgressCheckInMs(deployment, status, nowMs)
  return checkInMs === undefined ? done : requeueAfter(checkInMs)
}

function revisionToReport({ newest }: Generations): string | undefined {
  return newest?.metadata.annotations?.[revisionAnnotation]
}

/** Pods that are not of the newest template, in whatever state. */
function oldPodsOf({ old }: Generations, cache: Cache): readonly Pod[] {
  return old.flatMap((replicaSet) => cache.ownedBy(Pod, replicaSet.metadata.uid))
}

/** A pod's end lets a Recreate go on; ReplicaSets count only pods that are not yet ending. */
function keysOfRecreate(pod: Pod, cache: Cache): readonly ObjectKey[] {
  const { namespace } = pod.metadata
  const parent = controllerOf(pod)
  if (parent?.kind !== "ReplicaSet") return []
  const replicaSet = cache.find(ReplicaSet, { namespace, name: parent.name })
  const owner = replicaSet && controllerOf(replicaSet)
  if (owner?.kind !== "Deployment") return []
  const deployment = cache.find(Deployment, { namespace, name: owner.name })
  return deployment?.spec.strategy.type === "Recreate" ? [keyOf(deployment)] : []
}
