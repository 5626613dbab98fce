/**
 * DaemonSet: one pod of the template on every node that fits, and none elsewhere.
 *
 * Owns pods and ControllerRevisions, by owner reference; the scheduler binds its pods to the nodes they name.
 * Reads DaemonSets, nodes, pods and revisions; writes pods, revisions, and the DaemonSet's status.
 * Woken by changes of the DaemonSet, its pods and revisions, and of nodes in what decides where pods may run; by time,
 * when a pod becomes available or one that failed may be tried again.
 */
import { ControllerRevision } from "../../api/apps/v1/controller-revision.ts"
import { DaemonSet } from "../../api/apps/v1/daemon-set.ts"
import { Node } from "../../api/core/v1/node.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { selectorFromObject, selectsEverything } from "../../apimachinery/labels.ts"
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
import { hashOf, sortRevisions, revisionLabel } from "../revisions/revisions.ts"
import { claim, orphanIndex } from "../shared/claim.ts"
import { keysOfOwner } from "../shared/keys-of-owner.ts"
import { nextAvailableInMs } from "../shared/pods.ts"
import { deepEqual, sameMap } from "../shared/deep-equal.ts"
import { updateStatusIfChanged } from "../shared/update-status.ts"
import { applyPlan, FailedNodes } from "./apply.ts"
import { type DaemonView, placesOf, planDaemons } from "./plan.ts"
import { computeStatus } from "./status.ts"

export function createDaemonSetController(): ControllerDefinition {
  const failedNodes = new FailedNodes()
  return {
    name: "daemonset-controller",
    watches: [
      watch(DaemonSet, (daemonSet) => [keyOf(daemonSet)]),
      watch(Pod, keysOfOwner(DaemonSet), orphanIndex),
      watch(ControllerRevision, keysOfOwner(DaemonSet), orphanIndex),
      watch(Node, (_, cache) => cache.list(DaemonSet).map(keyOf), undefined, isSamePlace),
    ],
    reconcile: (key, context) => reconcile(key, context, failedNodes),
  }
}

async function reconcile(
  key: ObjectKey,
  context: ReconcileContext,
  failedNodes: FailedNodes,
): Promise<Result> {
  const { client, cache, clock, events } = context

  // Observe.
  const daemonSet = cache.find(DaemonSet, key)
  if (!daemonSet) return done
  const selector = selectorFromObject(daemonSet.spec.selector)
  if (selectsEverything(selector)) {
    const message = "This daemon set is selecting all pods. A non-empty selector is required."
    events.event(daemonSet, "Warning", "SelectingAll", message)
    return done
  }
  if (daemonSet.metadata.deletionTimestamp) return done
  const owner = { resource: DaemonSet, object: daemonSet }
  const revisions = await claim(context, owner, selector, ControllerRevision)
  const pods = await claim(context, owner, selector, Pod)
  const revision = await observeRevision(context, daemonSet, revisions)
  const view: DaemonView = {
    daemonSet,
    places: placesOf(daemonSet, cache.list(Node), pods),
    revisionHash: hashOf(revision),
    nowMs: clock.now(),
  }

  // Decide.
  const plan = planDaemons(view)

  // Act.
  const { error, retryInMs } = await applyPlan(context, view, plan, failedNodes)

  // Report.
  const status = computeStatus(view, daemonSet.status.collisionCount)
  await updateStatusIfChanged(client, DaemonSet, daemonSet, status)
  if (error !== undefined) throw error
  await truncateHistory(context, daemonSet, pods, revisions, revision)
  const availableInMs = nextAvailableInMs(pods, daemonSet.spec.minReadySeconds ?? 0, view.nowMs)
  const waits = [availableInMs, retryInMs].filter((ms) => ms !== undefined)
  return waits.length > 0 ? requeueAfter(Math.min(...waits)) : done
}

async function observeRevision(
  { client }: ReconcileContext,
  daemonSet: DaemonSet,
  revisions: readonly ControllerRevision[],
): Promise<ControllerRevision> {
  const ensured = await ensureRevision(client, daemonSet, revisions, daemonSet.status.collisionCount)
  if (ensured.kind === "ok") return ensured.revision
  const { collisionCount } = ensured
  await updateStatusIfChanged(client, DaemonSet, daemonSet, { ...daemonSet.status, collisionCount })
  throw new Error(`a revision of another DaemonSet has the name: trying hash ${collisionCount}`)
}

/** Old revisions beyond the limit go, the oldest first, but none that a pod is of; those count all the same. */
async function truncateHistory(
  { client }: ReconcileContext,
  daemonSet: DaemonSet,
  pods: readonly Pod[],
  revisions: readonly ControllerRevision[],
  current: ControllerRevision,
): Promise<void> {
  const old = sortRevisions(revisions).filter(({ metadata }) => metadata.name !== current.metadata.name)
  const beyond = Math.max(0, old.length - (daemonSet.spec.revisionHistoryLimit ?? 10))
  const hashes = new Set(pods.map(({ metadata }) => metadata.labels?.[revisionLabel]))
  const unused = old.filter((revision) => !hashes.has(hashOf(revision)))
  for (const revision of unused.slice(0, beyond))
    await client.delete(ControllerRevision, keyOf(revision)).catch(ignoreNotFound)
}

/** What decides where pods may run. */
function isSamePlace(current: Node, previous: Node): boolean {
  return (
    sameMap(current.metadata.labels, previous.metadata.labels) &&
    deepEqual(current.spec.taints, previous.spec.taints)
  )
}
