import type { ReplicaSetCondition, ReplicaSetStatus } from "../../api/apps/v1/replica-set.ts"
import { Pod, type PodTemplateSpec } from "../../api/core/v1/pod.ts"
import type { Selector } from "../../apimachinery/labels.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import { done, type ReconcileContext, requeueAfter, type Result } from "../../client/controller.ts"
import { claim } from "../shared/claim.ts"
import { isNamespaceTerminating } from "../../client/is-namespace-terminating.ts"
import { createPod, deletePod, podFromTemplate } from "../shared/pod-control.ts"
import { isActive, nextAvailableInMs } from "../shared/pods.ts"
import { slowStart } from "../shared/slow-start.ts"
import { planReplicas, type ReplicaPlan } from "./plan.ts"
import { computeStatus, type ReplicaFailure } from "./status.ts"
import { messageOf } from "../../base/message-of.ts"

/** What ReplicaSets and ReplicationControllers have in common. */
export interface Replicated extends KubeObject {
  spec: { replicas?: number | undefined; minReadySeconds?: number | undefined }
  status: { conditions?: ReplicaSetCondition[] | undefined }
}

export interface ReplicaKeeper<T extends Replicated> {
  readonly resource: Resource<T>
  readonly object: T
  readonly selector: Selector
  readonly template: PodTemplateSpec
  /** Its pods and those of its siblings: asked when some must go. */
  readonly family: () => readonly Pod[]
  readonly report: (status: ReplicaSetStatus) => Promise<unknown>
}

export async function reconcileReplicas<T extends Replicated>(
  context: ReconcileContext,
  keeper: ReplicaKeeper<T>,
): Promise<Result> {
  const { resource, object, selector, template } = keeper

  // Observe. Pods that have come to their end are neither taken nor let go.
  const living = { accepts: isActive, releases: isActive }
  const pods = await claim(context, { resource, object }, selector, Pod, living)
  const active = pods.filter(isActive)
  const nowMs = context.clock.now()

  // Decide. One that is being deleted only watches its pods go.
  const { replicas = 1, minReadySeconds = 0 } = object.spec
  const plan: ReplicaPlan = object.metadata.deletionTimestamp
    ? { kind: "enough" }
    : planReplicas(replicas, active, keeper.family, nowMs)

  // Act, then report what was observed, with what went wrong.
  const { failure, error } = await applyPlan(context, keeper, plan)
  await keeper.report(computeStatus(object, template, pods, failure, nowMs))
  if (error !== undefined) throw error
  const availableInMs = nextAvailableInMs(active, minReadySeconds, nowMs)
  return availableInMs === undefined ? done : requeueAfter(availableInMs)
}

async function applyPlan<T extends Replicated>(
  context: ReconcileContext,
  { object, template }: ReplicaKeeper<T>,
  plan: ReplicaPlan,
): Promise<{ failure?: ReplicaFailure; error?: unknown }> {
  if (plan.kind === "enough") return {}
  if (plan.kind === "delete") {
    const results = await Promise.allSettled(plan.pods.map((pod) => deletePod(context, object, pod)))
    const error: unknown = results.find((result) => result.status === "rejected")?.reason
    return error === undefined
      ? {}
      : { error, failure: { reason: "FailedDelete", message: `unable to delete pods: ${messageOf(error)}` } }
  }
  const pod = podFromTemplate(template, object)
  const { error } = await slowStart(plan.count, () => createPod(context, object, pod))
  if (error === undefined || isNamespaceTerminating(error)) return {}
  return { error, failure: { reason: "FailedCreate", message: messageOf(error) } }
}
