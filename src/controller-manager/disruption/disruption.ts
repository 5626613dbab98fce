/**
 * Disruption: every PodDisruptionBudget says how many of its pods may be evicted now. The eviction API spends from that.
 *
 * Reads budgets, pods and their controllers (of any kind that has a scale); writes the budgets' status.
 * Woken by changes of budgets, of the pods they select, of controllers, and when an allowed eviction has not happened.
 */
import { Deployment } from "../../api/apps/v1/deployment.ts"
import { ReplicaSet } from "../../api/apps/v1/replica-set.ts"
import { StatefulSet } from "../../api/apps/v1/stateful-set.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { ReplicationController } from "../../api/core/v1/replication-controller.ts"
import { PodDisruptionBudget } from "../../api/policy/v1/pod-disruption-budget.ts"
import { printLabelSelector } from "../../api/meta/v1/print-label-selector.ts"
import { matchesLabels, selectorFromObject } from "../../apimachinery/labels.ts"
import { type KubeObject, keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import type { Cache } from "../../client/cache.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  requeueAfter,
  type Result,
  watch,
} from "../../client/controller.ts"
import type { Discovered } from "../../client/discover-resources.ts"
import { podStatusRestMs } from "../shared/pod-status-rest.ts"
import { podsByLabel, selectPods } from "../shared/pods-by-label.ts"
import { updateStatusIfChanged } from "../shared/update-status.ts"
import { countExpectedPods, scaleFinder } from "./expected.ts"
import { computeBudget, failSafe, needsExpected } from "./status.ts"
import { messageOf } from "../../base/message-of.ts"

export function createDisruptionController(options: {
  readonly discover: () => Promise<Discovered>
}): ControllerDefinition {
  return {
    name: "disruption-controller",
    eventSource: "controllermanager",
    restMs: podStatusRestMs,
    watches: [
      watch(PodDisruptionBudget, (budget) => [keyOf(budget)]),
      watch(Pod, keysOfBudgets, podsByLabel),
      watch(ReplicaSet, keysOfScaled, undefined, isSameScale),
      watch(ReplicationController, keysOfScaled, undefined, isSameScale),
      watch(StatefulSet, keysOfScaled, undefined, isSameScale),
      watch(Deployment, keysOfNamespace, undefined, isSameScale),
    ],
    reconcile: (key, context) => reconcile(key, context, async () => (await options.discover()).resources),
  }
}

async function reconcile(
  key: ObjectKey,
  context: ReconcileContext,
  resources: () => Promise<Discovered["resources"]>,
): Promise<Result> {
  const { client, cache, clock, events } = context

  // Observe.
  const budget = cache.find(PodDisruptionBudget, key)
  if (!budget) return done
  const pods = podsOf(budget, cache)
  if (pods.length === 0) events.event(budget, "Normal", "NoPods", "No matching pods found")
  let expected = { count: 0, unmanaged: [] as readonly Pod[] }
  try {
    if (needsExpected(budget)) expected = await countExpectedPods(pods, scaleFinder(cache, client, resources))
  } catch (error) {
    const message = `Failed to calculate the number of expected pods: ${messageOf(error)}`
    events.event(budget, "Warning", "CalculateExpectedPodCountFailed", message)
    await updateStatusIfChanged(
      client,
      PodDisruptionBudget,
      budget,
      failSafe(budget, messageOf(error), clock.now()),
    )
    throw error
  }
  if (expected.unmanaged.length > 0) tellUnmanaged(events, budget)
  tellShared(context, budget, pods)

  // Decide.
  const input = { budget, pods, expected: expected.count, nowMs: clock.now() }
  const { status, notDeleted, recheckInMs } = computeBudget(input)

  // Report.
  for (const pod of notDeleted) {
    const message = `Pod was expected by PDB ${key.namespace}/${key.name} to be deleted but it wasn't`
    events.event(pod, "Warning", "NotDeleted", message)
  }
  await updateStatusIfChanged(client, PodDisruptionBudget, budget, status)
  return recheckInMs === undefined ? done : requeueAfter(recheckInMs)
}

function tellUnmanaged(events: ReconcileContext["events"], budget: PodDisruptionBudget): void {
  const selector = printLabelSelector(budget.spec.selector)
  const message = `Pods selected by this PodDisruptionBudget (selector: ${selector}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.`
  events.event(budget, "Warning", "UnmanagedPods", message)
}

/** A pod of several budgets cannot be evicted by the API: people should hear of it, once for each pod. */
function tellShared(
  { cache, events }: ReconcileContext,
  budget: PodDisruptionBudget,
  pods: readonly Pod[],
): void {
  const { namespace = "" } = budget.metadata
  const budgets = cache.list(PodDisruptionBudget, { namespace })
  if (budgets.length < 2) return
  const selectors = budgets.map(({ spec }) => selectorFromObject(spec.selector))
  for (const pod of pods) {
    const { metadata } = pod
    const selecting = budgets.filter((_, index) => matchesLabels(selectors[index]!, metadata.labels))
    if (selecting.length < 2 || selecting[0] !== budget) continue
    const message = `Pod "${namespace}"/"${metadata.name}" matches multiple PodDisruptionBudgets.  Chose "${budget.metadata.name}" arbitrarily.`
    events.event(pod, "Warning", "MultiplePodDisruptionBudgets", message)
  }
}

function podsOf({ spec, metadata }: PodDisruptionBudget, cache: Cache): readonly Pod[] {
  return selectPods(cache, metadata.namespace ?? "", selectorFromObject(spec.selector))
}

function keysOfBudgets({ metadata }: KubeObject, cache: Cache): readonly ObjectKey[] {
  return cache
    .list(PodDisruptionBudget, { namespace: metadata.namespace ?? "" })
    .filter(({ spec }) => matchesLabels(selectorFromObject(spec.selector), metadata.labels))
    .map(keyOf)
}

/** The budgets that select pods of a controller, judged by the pods that it has. */
function keysOfScaled(controller: KubeObject, cache: Cache): readonly ObjectKey[] {
  const [pod] = cache.ownedBy(Pod, controller.metadata.uid)
  return pod ? keysOfBudgets(pod, cache) : []
}

function keysOfNamespace({ metadata }: KubeObject, cache: Cache): readonly ObjectKey[] {
  return cache.list(PodDisruptionBudget, { namespace: metadata.namespace ?? "" }).map(keyOf)
}

function isSameScale(
  current: KubeObject & { spec: { replicas?: number | undefined } },
  previous: KubeObject & { spec: { replicas?: number | undefined } },
): boolean {
  return current.spec.replicas === previous.spec.replicas
}
