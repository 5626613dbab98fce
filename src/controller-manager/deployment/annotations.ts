import type { Deployment } from "../../api/apps/v1/deployment.ts"
import type { ReplicaSet } from "../../api/apps/v1/replica-set.ts"
import { maxSurge } from "./budget.ts"

/** The rollout's number, on Deployment and ReplicaSet; `kubectl rollout history` reads it. */
export const revisionAnnotation = "deployment.kubernetes.io/revision"
/** The numbers a ReplicaSet had before it was rolled back to. */
const revisionHistoryAnnotation = "deployment.kubernetes.io/revision-history"
/** `spec.replicas` of the Deployment when the ReplicaSet was last scaled; where it differs, somebody scales. */
const desiredReplicasAnnotation = "deployment.kubernetes.io/desired-replicas"
/** The same with surge: the base of proportional scaling. */
const maxReplicasAnnotation = "deployment.kubernetes.io/max-replicas"

const notCopied = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  revisionAnnotation,
  revisionHistoryAnnotation,
  desiredReplicasAnnotation,
  maxReplicasAnnotation,
  "deprecated.deployment.rollback.to",
])

const maxHistoryLength = 2000

type Annotations = Readonly<Record<string, string>>

/** 0 when there is none, or none that is a number. Of 64 bits: people have given ReplicaSets large ones. */
export function revisionOf(replicaSet: ReplicaSet): bigint {
  return parseRevision(replicaSet.metadata.annotations?.[revisionAnnotation])
}

export function maxRevision(replicaSets: readonly ReplicaSet[]): bigint {
  return replicaSets.map(revisionOf).reduce((most, one) => (one > most ? one : most), 0n)
}

export function desiredReplicasOf(replicaSet: ReplicaSet): number | undefined {
  return parseNumber(replicaSet.metadata.annotations?.[desiredReplicasAnnotation])
}

export function maxReplicasOf(replicaSet: ReplicaSet): number | undefined {
  return parseNumber(replicaSet.metadata.annotations?.[maxReplicasAnnotation])
}

/**
 * The annotations that the Deployment's newest ReplicaSet should have: the Deployment's own, and a revision that is at
 * least one more than any older. A ReplicaSet that gets a new number because it was rolled back to remembers the old.
 */
export function syncedAnnotations(
  deployment: Deployment,
  present: Annotations | undefined,
  nextRevision: bigint,
): Annotations {
  const annotations: Record<string, string> = { ...present }
  for (const [key, value] of Object.entries(deployment.metadata.annotations ?? {}))
    if (!notCopied.has(key)) annotations[key] = value
  const before = present?.[revisionAnnotation]
  if (parseRevision(before) >= nextRevision) return annotations
  annotations[revisionAnnotation] = String(nextRevision)
  if (before !== undefined) annotations[revisionHistoryAnnotation] = withHistory(present, before)
  return annotations
}

function withHistory(annotations: Annotations | undefined, revision: string): string {
  const history = (annotations?.[revisionHistoryAnnotation] ?? "").split(",").filter(Boolean)
  history.push(revision)
  while (history.length > 1 && history.join(",").length > maxHistoryLength) history.shift()
  return history.join(",")
}

/** The annotations by which later rounds tell scaling from rolling out. */
export function replicaAnnotations(deployment: Deployment): Annotations {
  const replicas = deployment.spec.replicas ?? 1
  return {
    [desiredReplicasAnnotation]: String(replicas),
    [maxReplicasAnnotation]: String(replicas + maxSurge(deployment)),
  }
}

export function hasAnnotations(replicaSet: ReplicaSet, wanted: Annotations): boolean {
  const present = replicaSet.metadata.annotations
  return Object.entries(wanted).every(([key, value]) => present?.[key] === value)
}

function parseRevision(text: string | undefined): bigint {
  return text !== undefined && /^[0-9]+$/.test(text) ? BigInt(text) : 0n
}

function parseNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^[0-9]+$/.test(text) ? Number(text) : undefined
}
