import type { StatefulSet } from "../../api/apps/v1/stateful-set.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { scaleIntOrPercent } from "../../apimachinery/int-or-string.ts"
import { revisionLabel } from "../revisions/revisions.ts"
import { isAvailable, isReady, isTerminal } from "../shared/pods.ts"
import { hasIdentity, ordinalOf, startOrdinal } from "./identity.ts"

/**
 * The next steps towards a StatefulSet's replicas
 * (https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#deployment-and-scaling-guarantees).
 *
 * OrderedReady: one step, and only when every replica before it is available: web-0 runs before web-1 comes, web-2 has
 * gone before web-1 goes. Parallel: all steps at once, but updates still keep to `maxUnavailable`.
 */
export type Step =
  | { readonly kind: "create"; readonly ordinal: number; readonly revision: "current" | "update" }
  | { readonly kind: "delete"; readonly pod: Pod }
  /** It waits to be started: somebody may have taken its claims away. */
  | { readonly kind: "claims"; readonly ordinal: number }
  /** A label that makes it this replica is missing. */
  | { readonly kind: "repair"; readonly pod: Pod; readonly ordinal: number }

export interface SetView {
  readonly set: StatefulSet
  /** All of the set's pods, in any state. */
  readonly pods: readonly Pod[]
  /** Names of ControllerRevisions. */
  readonly currentRevision: string
  readonly updateRevision: string
  readonly nowMs: number
}

export function planSteps(view: SetView): readonly Step[] {
  const { set } = view
  if (set.metadata.deletionTimestamp) return []
  const ordered = set.spec.podManagementPolicy !== "Parallel"
  const slots = slotsOf(view)
  const filling = planSlots(view, slots, ordered)
  if (filling.blocked || (ordered && filling.steps.length > 0)) return filling.steps
  const surplus = planSurplus(view, slots, ordered)
  if (surplus.blocked || (ordered && surplus.steps.length > 0)) return [...filling.steps, ...surplus.steps]
  return [...filling.steps, ...surplus.steps, ...planUpdate(view, slots)]
}

interface Slot {
  readonly ordinal: number
  readonly pod: Pod | undefined
}

interface Part {
  readonly steps: readonly Step[]
  /** Nothing further may happen before what is under way has come to its end. */
  readonly blocked: boolean
}

/** The replicas that should be there, by ordinal. */
function slotsOf({ set, pods }: SetView): readonly Slot[] {
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(set, pod.metadata.name), pod]))
  const start = startOrdinal(set)
  return Array.from({ length: set.spec.replicas ?? 1 }, (_, index) => ({
    ordinal: start + index,
    pod: byOrdinal.get(start + index),
  }))
}

function planSlots(view: SetView, slots: readonly Slot[], ordered: boolean): Part {
  const steps: Step[] = []
  for (const { ordinal, pod } of slots) {
    steps.push(...stepsForSlot(view, ordinal, pod))
    if (ordered && (!pod || !isHealthy(view, pod))) return { steps, blocked: true }
    if (pod && !isTerminal(pod) && !hasIdentity(pod)) steps.push({ kind: "repair", pod, ordinal })
  }
  return { steps, blocked: false }
}

function stepsForSlot(view: SetView, ordinal: number, pod: Pod | undefined): readonly Step[] {
  if (!pod) return [{ kind: "create", ordinal, revision: revisionFor(view, ordinal) }]
  if (isTerminal(pod)) return pod.metadata.deletionTimestamp ? [] : [{ kind: "delete", pod }]
  return pod.status.phase === "Pending" ? [{ kind: "claims", ordinal }] : []
}

/** Replicas below the partition come back as they were; those above, as they should be. */
function revisionFor({ set, pods, currentRevision }: SetView, ordinal: number): "current" | "update" {
  const { type, rollingUpdate } = set.spec.updateStrategy
  if (type !== "RollingUpdate") return "update"
  const start = startOrdinal(set)
  if (rollingUpdate) return ordinal < start + (rollingUpdate.partition ?? 0) ? "current" : "update"
  const currentReplicas = pods.filter(
    (pod) => pod.metadata.labels?.[revisionLabel] === currentRevision,
  ).length
  return ordinal < start + currentReplicas ? "current" : "update"
}

/** Pods beyond the wanted number go, the highest ordinal first. */
function planSurplus(view: SetView, slots: readonly Slot[], ordered: boolean): Part {
  const { set, pods } = view
  const kept = new Set(slots.map(({ pod }) => pod))
  const surplus = pods
    .filter((pod) => !kept.has(pod) && ordinalOf(set, pod.metadata.name) !== undefined)
    .sort((a, b) => ordinalOf(set, b.metadata.name)! - ordinalOf(set, a.metadata.name)!)
  // One that is not healthy holds up the others, except that it may itself be the first to go.
  const unhealthy = [...slots.map(({ pod }) => pod), ...[...surplus].reverse()].find(
    (pod) => pod && !isHealthy(view, pod),
  )
  const steps: Step[] = []
  for (const pod of surplus) {
    const going = pod.metadata.deletionTimestamp !== undefined
    if (ordered && (going || (!isHealthy(view, pod) && pod !== unhealthy))) return { steps, blocked: true }
    if (going) continue
    steps.push({ kind: "delete", pod })
    if (ordered) return { steps, blocked: true }
  }
  return { steps, blocked: false }
}

/**
 * Replaces outdated pods from the highest ordinal down to the partition, never so many that more than `maxUnavailable`
 * would be missing; one at a time where that says nothing.
 */
function planUpdate(view: SetView, slots: readonly Slot[]): readonly Step[] {
  const { set, updateRevision } = view
  const { type, rollingUpdate } = set.spec.updateStrategy
  if (type !== "RollingUpdate") return []
  const first = startOrdinal(set) + (rollingUpdate?.partition ?? 0)
  const limit = rollingUpdate?.maxUnavailable
  const targets = slots.filter(({ ordinal }) => ordinal >= first).reverse()
  if (limit === undefined) return replaceOne(view, targets)
  const unavailable = slots.filter(({ pod }) => !pod || !isHealthy(view, pod)).length
  const allowed = Math.max(1, scaleIntOrPercent(limit, set.spec.replicas ?? 1, "down"))
  return targets
    .filter(({ pod }) => isOutdated(pod, updateRevision))
    .slice(0, Math.max(0, allowed - unavailable))
    .map(({ pod }) => ({ kind: "delete", pod: pod! }))
}

/** The highest that is outdated, unless one above it is not available. */
function replaceOne(view: SetView, targets: readonly Slot[]): readonly Step[] {
  for (const { pod } of targets) {
    if (isOutdated(pod, view.updateRevision)) return [{ kind: "delete", pod: pod! }]
    if (!pod || !isHealthy(view, pod)) return []
  }
  return []
}

function isOutdated(pod: Pod | undefined, updateRevision: string): boolean {
  return (
    pod !== undefined &&
    pod.metadata.deletionTimestamp === undefined &&
    pod.metadata.labels?.[revisionLabel] !== updateRevision
  )
}

/** Runs, is ready for long enough, and is not going. */
function isHealthy({ set, nowMs }: SetView, pod: Pod): boolean {
  if (pod.metadata.deletionTimestamp || pod.status.phase !== "Running" || !isReady(pod)) return false
  return isAvailable(pod, set.spec.minReadySeconds ?? 0, nowMs)
}
