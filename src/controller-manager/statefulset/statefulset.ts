/**
 * StatefulSet: replicas with lasting names and storage, started, replaced and stopped in order.
 *
 * Owns pods named SET-ORDINAL and ControllerRevisions, by owner reference; makes claims CLAIM-SET-ORDINAL.
 * Reads StatefulSets, pods, claims and revisions; writes pods, claims, revisions, and the set's status.
 * Woken by changes of the set, its pods and claims, and when a replica becomes available by time.
 */
import { ControllerRevision } from "../../api/apps/v1/controller-revision.ts"
import { StatefulSet } from "../../api/apps/v1/stateful-set.ts"
import { PersistentVolumeClaim } from "../../api/core/v1/persistent-volume-claim.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { selectorFromObject } from "../../apimachinery/labels.ts"
import { keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  requeueAfter,
  type Result,
  watch,
} from "../../client/controller.ts"
import { ensureRevision } from "../revisions/ensure-revision.ts"
import { planHistory, revisionLabel, sortRevisions } from "../revisions/revisions.ts"
import { claim, orphanIndex } from "../shared/claim.ts"
import { keysOfOwner } from "../shared/keys-of-owner.ts"
import { nextAvailableInMs } from "../shared/pods.ts"
import { slowStart } from "../shared/slow-start.ts"
import { updateStatusIfChanged } from "../shared/update-status.ts"
import { applyStep, type Revisions } from "./apply.ts"
import { applyRetention, keysOfClaim } from "./claims.ts"
import { ordinalOf } from "./identity.ts"
import { planSteps, type SetView } from "./plan.ts"
import { computeStatus } from "./status.ts"

export const statefulSetController: ControllerDefinition = {
  name: "statefulset-controller",
  watches: [
    watch(StatefulSet, (set) => [keyOf(set)]),
    watch(Pod, keysOfOwner(StatefulSet), orphanIndex),
    // They wake nobody: of a set that is going, one that is collected would be made again for ever.
    watch(ControllerRevision, () => [], orphanIndex),
    watch(PersistentVolumeClaim, keysOfClaim),
  ],
  reconcile,
}

async function reconcile(key: ObjectKey, context: ReconcileContext): Promise<Result> {
  const { client, cache, clock } = context

  // Observe.
  const set = cache.find(StatefulSet, key)
  if (!set) return done
  const selector = selectorFromObject(set.spec.selector)
  const owner = { resource: StatefulSet, object: set }
  const revisions = await claim(context, owner, selector, ControllerRevision)
  // A pod of another name may be selected; it is none of the replicas.
  const isReplica = (pod: Pod) => ordinalOf(set, pod.metadata.name) !== undefined
  const pods = (await claim(context, owner, selector, Pod, { accepts: isReplica })).filter(isReplica)
  // A set that is going makes nothing any more: a new revision would only have to be deleted too.
  const isGoing = set.metadata.deletionTimestamp !== undefined
  const known = isGoing ? findRevisions(set, revisions) : await observeRevisions(context, set, revisions)
  if (!known) return done
  const view: SetView = {
    set,
    pods,
    currentRevision: known.current.metadata.name,
    updateRevision: known.update.metadata.name,
    nowMs: clock.now(),
  }

  // Decide.
  const steps = planSteps(view)

  // Act. Ordered sets have one step at most; the others take care not to ask a refusing server too often.
  await applyRetentions(context, view)
  const { error } = await slowStart(steps.length, (index) => applyStep(context, set, steps[index]!, known))

  // Report.
  await updateStatusIfChanged(client, StatefulSet, set, computeStatus(view, set.status.collisionCount ?? 0))
  if (error !== undefined) throw error
  await truncateHistory(context, view, revisions)
  const availableInMs = nextAvailableInMs(pods, set.spec.minReadySeconds ?? 0, view.nowMs)
  return availableInMs === undefined ? done : requeueAfter(availableInMs)
}

/** Those that the status names, as far as they are still there. */
function findRevisions(
  { status }: StatefulSet,
  revisions: readonly ControllerRevision[],
): Revisions | undefined {
  const find = (wanted: string | undefined) => revisions.find(({ metadata }) => metadata.name === wanted)
  const update = find(status.updateRevision)
  return update && { current: find(status.currentRevision) ?? update, update }
}

/** The revision of the present template, and the one that replicas below the partition keep. */
async function observeRevisions(
  { client }: ReconcileContext,
  set: StatefulSet,
  revisions: readonly ControllerRevision[],
): Promise<Revisions> {
  const collisionCount = set.status.collisionCount ?? 0
  const ensured = await ensureRevision(client, set, revisions, collisionCount)
  if (ensured.kind === "collision") {
    const status = { ...set.status, collisionCount: ensured.collisionCount }
    await updateStatusIfChanged(client, StatefulSet, set, status)
    throw new Error(`a revision of another set has the name: trying hash ${ensured.collisionCount}`)
  }
  const update = ensured.revision
  const current = revisions.find(({ metadata }) => metadata.name === set.status.currentRevision)
  return { current: current ?? update, update }
}

/**
 * Replicas that stay do not pass their claims on; those that are too many do, also those that were going already when the
 * set was made smaller.
 */
async function applyRetentions(context: ReconcileContext, { set, pods }: SetView): Promise<void> {
  const policy = set.spec.persistentVolumeClaimRetentionPolicy
  if (!set.spec.volumeClaimTemplates?.length || !policy || set.metadata.deletionTimestamp) return
  const end = (set.spec.ordinals?.start ?? 0) + (set.spec.replicas ?? 1)
  for (const pod of pods) {
    const ordinal = ordinalOf(set, pod.metadata.name)!
    await applyRetention(context, set, pod, ordinal, ordinal >= end)
  }
}

async function truncateHistory(
  { client }: ReconcileContext,
  { set, pods, currentRevision, updateRevision }: SetView,
  revisions: readonly ControllerRevision[],
): Promise<void> {
  const ofPods = pods.map((pod) => pod.metadata.labels?.[revisionLabel] ?? "")
  const inUse = new Set([currentRevision, updateRevision, ...ofPods])
  for (const revision of planHistory(set, sortRevisions(revisions), inUse))
    await client.delete(ControllerRevision, keyOf(revision)).catch(ignoreNotFound)
}
