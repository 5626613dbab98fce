import type { Deployment } from "../../api/apps/v1/deployment.ts"
import { ReplicaSet } from "../../api/apps/v1/replica-set.ts"
import { controllerOf, keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import { ignoreNotFound, isStatusError } from "../../apimachinery/status-error.ts"
import type { ReconcileContext } from "../../client/controller.ts"
import { isNamespaceTerminating } from "../../client/is-namespace-terminating.ts"
import { hasAnnotations, replicaAnnotations, revisionAnnotation } from "./annotations.ts"
import type { Scaling, Step } from "./plan.ts"
import { newReplicaSet, replicasOf, sameTemplate } from "./replica-sets.ts"
import type { Outcome } from "./status.ts"
import { messageOf } from "../../base/message-of.ts"

/** What came of a step, as far as the report needs it. */
export type StepResult =
  | { readonly kind: "applied" }
  | { readonly kind: "created"; readonly replicaSet: ReplicaSet }
  /** Another ReplicaSet has the name: the next one is computed with another hash. */
  | { readonly kind: "collision"; readonly collisionCount: number; readonly error: unknown }
  | { readonly kind: "createFailed"; readonly message: string; readonly error: unknown }

type Acting = Pick<ReconcileContext, "client" | "events">

export async function applyStep(context: Acting, deployment: Deployment, step: Step): Promise<StepResult> {
  const { client } = context
  switch (step.kind) {
    case "create":
      return create(context, deployment, step.replicas, step.revision)
    case "sync":
      await client.update(ReplicaSet, step.replicaSet)
      return { kind: "applied" }
    case "scale":
      await scale(context, deployment, step)
      return { kind: "applied" }
    case "delete":
      await client.delete(ReplicaSet, keyOf(step.replicaSet)).catch(ignoreNotFound)
      return { kind: "applied" }
  }
}

async function scale({ client, events }: Acting, deployment: Deployment, { replicaSet, to }: Scaling) {
  const from = replicasOf(replicaSet)
  const annotations = replicaAnnotations(deployment)
  if (from === to && hasAnnotations(replicaSet, annotations)) return
  const metadata = {
    ...replicaSet.metadata,
    annotations: { ...replicaSet.metadata.annotations, ...annotations },
  }
  await client.update(ReplicaSet, { ...replicaSet, metadata, spec: { ...replicaSet.spec, replicas: to } })
  if (from === to) return
  const direction = from < to ? "up" : "down"
  const message = `Scaled ${direction} replica set ${replicaSet.metadata.name} from ${from} to ${to}`
  events.event(deployment, "Normal", "ScalingReplicaSet", message)
}

async function create(
  { client, events }: Acting,
  deployment: Deployment,
  replicas: number,
  revision: bigint,
): Promise<StepResult> {
  const wanted = newReplicaSet(deployment, replicas, revision)
  const name = wanted.metadata!.name!
  try {
    const replicaSet = await client.create(ReplicaSet, wanted)
    if (replicas > 0)
      events.event(
        deployment,
        "Normal",
        "ScalingReplicaSet",
        `Scaled up replica set ${name} from 0 to ${replicas}`,
      )
    return { kind: "created", replicaSet }
  } catch (error) {
    if (isStatusError(error, "AlreadyExists"))
      return resolveExisting(client, deployment, keyOf({ metadata: { ...deployment.metadata, name } }), error)
    // Nothing can be made in a namespace that is going away, and nobody needs to be told.
    if (isNamespaceTerminating(error)) throw error
    const message = `Failed to create new replica set "${name}": ${messageOf(error)}`
    events.event(deployment, "Warning", "ReplicaSetCreateError", message)
    return { kind: "createFailed", message, error }
  }
}

/** The name is a hash of the template: a ReplicaSet that has it is ours from a moment ago, or a stranger. */
async function resolveExisting(
  client: Acting["client"],
  deployment: Deployment,
  key: ObjectKey,
  error: unknown,
): Promise<StepResult> {
  const existing = await client.get(ReplicaSet, key)
  const isOurs = controllerOf(existing)?.uid === deployment.metadata.uid
  if (isOurs && sameTemplate(existing.spec.template, deployment.spec.template))
    return { kind: "created", replicaSet: existing }
  const collisionCount = (deployment.status.collisionCount ?? 0) + 1
  return { kind: "collision", collisionCount, error }
}

/** What the status tells of the round's results. */
export function reportedOutcome(results: readonly StepResult[]): {
  readonly outcome: Outcome
  readonly collisionCount?: number
  readonly revision?: string | undefined
  readonly error?: unknown
} {
  for (const result of results) {
    if (result.kind === "created") {
      const { name, annotations } = result.replicaSet.metadata
      return { outcome: { kind: "created", name }, revision: annotations?.[revisionAnnotation] }
    }
    if (result.kind === "collision")
      return {
        outcome: { kind: "nothing" },
        collisionCount: result.collisionCount,
        error: result.error,
      }
    if (result.kind === "createFailed")
      return { outcome: { kind: "createFailed", message: result.message }, error: result.error }
  }
  return { outcome: { kind: "nothing" } }
}
