import type { Deployment, DeploymentCondition, DeploymentStatus } from "../../api/apps/v1/deployment.ts"
import type { ReplicaSet } from "../../api/apps/v1/replica-set.ts"
import { formatTime } from "../../apimachinery/time.ts"
import { findCondition, withoutCondition } from "../shared/conditions.ts"
import { minAvailable } from "./budget.ts"
import type { Plan } from "./plan.ts"
import { allOf, type Generations, replicasOf, sum } from "./replica-sets.ts"

/** What this round did that conditions tell. */
export type Outcome =
  | { readonly kind: "nothing" }
  | { readonly kind: "created"; readonly name: string }
  | { readonly kind: "createFailed"; readonly message: string }

export interface StatusInput {
  readonly deployment: Deployment
  readonly generations: Generations
  readonly mode: Plan["mode"]
  readonly outcome: Outcome
  readonly collisionCount?: number | undefined
  readonly nowMs: number
}

type Conditions = readonly DeploymentCondition[]

export function computeStatus(input: StatusInput): DeploymentStatus {
  const { deployment, generations } = input
  const all = allOf(generations)
  const collisionCount = input.collisionCount ?? deployment.status.collisionCount
  const availableReplicas = sum(all, (one) => one.status.availableReplicas ?? 0)
  const counts: DeploymentStatus = {
    observedGeneration: deployment.metadata.generation,
    replicas: sum(all, (one) => one.status.replicas),
    updatedReplicas: generations.newest?.status.replicas ?? 0,
    readyReplicas: sum(all, (one) => one.status.readyReplicas ?? 0),
    availableReplicas,
    unavailableReplicas: Math.max(0, sum(all, replicasOf) - availableReplicas),
    terminatingReplicas: sum(all, (one) => one.status.terminatingReplicas ?? 0),
    ...(collisionCount !== undefined && { collisionCount }),
  }
  return { ...counts, conditions: computeConditions(input, counts) }
}

/** All replicas are of the newest template, available, and nothing else is left. */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const { replicas = 1 } = deployment.spec
  return (
    (status.updatedReplicas ?? 0) === replicas &&
    (status.replicas ?? 0) === replicas &&
    (status.availableReplicas ?? 0) === replicas &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  )
}

/** When to look again whether the progress deadline has passed, in milliseconds from now; undefined for never. */
export function nextProgressCheckInMs(
  deployment: Deployment,
  status: DeploymentStatus,
  nowMs: number,
): number | undefined {
  const progressing = findCondition(status.conditions, "Progressing")
  if (!hasDeadline(deployment) || !progressing || deployment.spec.paused) return undefined
  if (isComplete(deployment, status) || progressing.reason === "ProgressDeadlineExceeded") return undefined
  // A second on top: condition times have no milliseconds.
  return Math.max(0, deadlineMs(deployment, progressing) - nowMs) + 1000
}

function computeConditions(input: StatusInput, counts: DeploymentStatus): DeploymentCondition[] {
  const { deployment, generations, mode, nowMs } = input
  let conditions: Conditions = deployment.status.conditions ?? []
  if (hasDeadline(deployment)) {
    conditions = withPaused(conditions, deployment, nowMs)
    conditions = withOutcome(conditions, input)
  }
  conditions = withAvailable(conditions, deployment, counts, nowMs)
  if (mode === "hold") return [...conditions]
  conditions = hasDeadline(deployment)
    ? withProgress(conditions, input, counts)
    : withoutCondition(conditions, "Progressing")
  return withReplicaFailure(conditions, generations, nowMs)
}

/** A pause stops the clock of the deadline, unless it has run out before. */
function withPaused(conditions: Conditions, deployment: Deployment, nowMs: number): Conditions {
  const reason = findCondition(conditions, "Progressing")?.reason
  if (reason === "ProgressDeadlineExceeded") return conditions
  const wasPaused = reason === "DeploymentPaused"
  if (deployment.spec.paused && !wasPaused)
    return set(conditions, progressing("Unknown", "DeploymentPaused", "Deployment is paused"), nowMs)
  if (!deployment.spec.paused && wasPaused)
    return set(conditions, progressing("Unknown", "DeploymentResumed", "Deployment is resumed"), nowMs)
  return conditions
}

function withOutcome(conditions: Conditions, { outcome, generations, nowMs }: StatusInput): Conditions {
  if (outcome.kind === "created") {
    const message = `Created new replica set "${outcome.name}"`
    return set(conditions, progressing("True", "NewReplicaSetCreated", message), nowMs)
  }
  if (outcome.kind === "createFailed")
    return set(conditions, progressing("False", "ReplicaSetCreateError", outcome.message), nowMs)
  if (generations.newest && !findCondition(conditions, "Progressing")) {
    const message = `Found new replica set "${generations.newest.metadata.name}"`
    return set(conditions, progressing("True", "FoundNewReplicaSet", message), nowMs)
  }
  return conditions
}

function withAvailable(
  conditions: Conditions,
  deployment: Deployment,
  counts: DeploymentStatus,
  nowMs: number,
): Conditions {
  const enough = (counts.availableReplicas ?? 0) >= minAvailable(deployment)
  const condition = enough
    ? {
        type: "Available",
        status: "True",
        reason: "MinimumReplicasAvailable",
        message: "Deployment has minimum availability.",
      }
    : {
        type: "Available",
        status: "False",
        reason: "MinimumReplicasUnavailable",
        message: "Deployment does not have minimum availability.",
      }
  return set(conditions, condition, nowMs)
}

function withProgress(conditions: Conditions, input: StatusInput, counts: DeploymentStatus): Conditions {
  const { deployment, generations, nowMs } = input
  const current = findCondition(conditions, "Progressing")
  const wasComplete = current?.reason === "NewReplicaSetAvailable"
  // Only one generation is there and its rollout ended before: nothing to judge.
  if (wasComplete && (counts.replicas ?? 0) === (counts.updatedReplicas ?? 0)) return conditions
  const { newest } = generations
  const subject = newest ? `ReplicaSet "${newest.metadata.name}"` : `Deployment "${deployment.metadata.name}"`

  if (isComplete(deployment, counts)) {
    const message = `${subject} has successfully progressed.`
    return set(conditions, progressing("True", "NewReplicaSetAvailable", message), nowMs)
  }
  if (hasProgressed(deployment.status, counts)) {
    const condition = progressing("True", "ReplicaSetUpdated", `${subject} is progressing.`)
    return setAnew(conditions, condition, nowMs)
  }
  if (current && !wasComplete && deadlineMs(deployment, current) < nowMs) {
    const message = `${subject} has timed out progressing.`
    return set(conditions, progressing("False", "ProgressDeadlineExceeded", message), nowMs)
  }
  return conditions
}

/** More new pods, fewer old ones, more that are ready or available than when last reported. */
function hasProgressed(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const old = (status: DeploymentStatus) => (status.replicas ?? 0) - (status.updatedReplicas ?? 0)
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(after) < old(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  )
}

/** A ReplicaSet that cannot make its pods is the Deployment's failure too; the newest one's counts first. */
function withReplicaFailure(
  conditions: Conditions,
  { newest, old }: Generations,
  nowMs: number,
): DeploymentCondition[] {
  const failureOf = (replicaSet: ReplicaSet | undefined) =>
    findCondition(replicaSet?.status.conditions, "ReplicaFailure")
  const failure = failureOf(newest) ?? old.map(failureOf).find(Boolean)
  if (!failure) return withoutCondition(conditions, "ReplicaFailure")
  const present = findCondition(conditions, "ReplicaFailure")
  if (present?.status === failure.status && present.reason === failure.reason) return [...conditions]
  return [
    ...withoutCondition(conditions, "ReplicaFailure"),
    { ...failure, lastUpdateTime: failure.lastTransitionTime || formatTime(nowMs) },
  ]
}

function hasDeadline(deployment: Deployment): boolean {
  const { progressDeadlineSeconds } = deployment.spec
  return progressDeadlineSeconds !== undefined && progressDeadlineSeconds !== 0x7fffffff
}

function deadlineMs(deployment: Deployment, condition: DeploymentCondition): number {
  return Date.parse(condition.lastUpdateTime) + deployment.spec.progressDeadlineSeconds * 1000
}

type NewCondition = Pick<DeploymentCondition, "type" | "status" | "reason" | "message">

function progressing(status: string, reason: string, message: string): NewCondition {
  return { type: "Progressing", status, reason, message }
}

/** Leaves a condition with the same status and reason alone, whatever its message. */
function set(conditions: Conditions, condition: NewCondition, nowMs: number): Conditions {
  const present = findCondition(conditions, condition.type)
  if (present?.status === condition.status && present.reason === condition.reason) return conditions
  return setAnew(conditions, condition, nowMs)
}

/** As `set`, but tells the moment also when nothing else changed. */
function setAnew(conditions: Conditions, condition: NewCondition, nowMs: number): Conditions {
  const present = findCondition(conditions, condition.type)
  const now = formatTime(nowMs)
  const lastTransitionTime = present?.status === condition.status ? present.lastTransitionTime : now
  return [
    ...withoutCondition(conditions, condition.type),
    { ...condition, lastUpdateTime: now, lastTransitionTime },
  ]
}
