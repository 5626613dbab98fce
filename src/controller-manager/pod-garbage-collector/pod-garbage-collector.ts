/**
 * Pod garbage collector: pods whose kubelet is gone for good go too, and finished pods do not pile up.
 *
 * Reads pods and nodes; deletes pods, marking those that had not finished as failed.
 * Looks every 20 s, as upstream. A node must be missing for 40 s, and at the server itself, before its pods go.
 */
import { Node } from "../../api/core/v1/node.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import type { Client } from "../../client/client.ts"
import {
  type ControllerDefinition,
  type ReconcileContext,
  requeueAfter,
  type Result,
  watch,
} from "../../client/controller.ts"
import { disruptionTarget, disruptPod } from "../shared/disrupt-pod.ts"
import { isTerminal } from "../shared/pods.ts"
import { type Doomed, planPodGc } from "./plan.ts"
import { PodGarbageCollectorMetrics } from "./pod-garbage-collector-metrics.ts"

const periodMs = 20_000
const quarantineMs = 40_000
const everything: ObjectKey = { name: "pods" }

export function createPodGarbageCollector(
  options: {
    readonly terminatedPodThreshold?: number
    readonly metrics?: PodGarbageCollectorMetrics | undefined
  } = {},
): ControllerDefinition {
  /** Nodes that pods name but that are not there, and since when (monotonic). */
  const missing = new Map<string, number>()
  const { metrics = new PodGarbageCollectorMetrics() } = options
  const terminatedThreshold = options.terminatedPodThreshold ?? 12_500
  return {
    name: "pod-garbage-collector-controller",
    watches: [watch(Pod, () => []), watch(Node, () => [])],
    workers: 1,
    attach: (enqueue) => enqueue(everything),
    reconcile: (_, context) => reconcile(context, missing, terminatedThreshold, metrics),
  }
}

async function reconcile(
  context: ReconcileContext,
  missing: Map<string, number>,
  terminatedThreshold: number,
  metrics: PodGarbageCollectorMetrics,
): Promise<Result> {
  const { cache, client, clock, log } = context

  // Observe.
  const pods = cache.list(Pod)
  const findNode = (name: string) => cache.find(Node, { name })
  updateMissing(missing, pods, findNode, clock.monotonic())
  const goneNodes = await confirmGone(client, missing, clock.monotonic())

  // Decide.
  const doomed = planPodGc({ pods, findNode, goneNodes, terminatedThreshold })

  // Act. One that cannot go does not keep the others: it is tried again the next time.
  for (const one of doomed) {
    log.info("deleting pod", { ...keyOf(one.pod), why: one.why })
    metrics.deleted(one)
    try {
      await remove(context, one)
    } catch (error) {
      metrics.failed(one)
      log.error("pod not deleted", { ...keyOf(one.pod), error })
    }
  }
  return requeueAfter(periodMs)
}

function updateMissing(
  missing: Map<string, number>,
  pods: readonly Pod[],
  findNode: (name: string) => Node | undefined,
  nowMs: number,
): void {
  const named = new Set(
    pods.map(({ spec }) => spec.nodeName).filter((name) => name !== undefined && name !== ""),
  )
  for (const name of missing.keys()) if (!named.has(name) || findNode(name)) missing.delete(name)
  for (const name of named) if (name && !findNode(name) && !missing.has(name)) missing.set(name, nowMs)
}

async function confirmGone(
  client: Client,
  missing: ReadonlyMap<string, number>,
  nowMs: number,
): Promise<ReadonlySet<string>> {
  const gone = new Set<string>()
  for (const [name, sinceMs] of missing) {
    if (nowMs - sinceMs < quarantineMs) continue
    if (!(await client.get(Node, { name }).catch(ignoreNotFound))) gone.add(name)
  }
  return gone
}

/** A pod that has not finished is failed first, so that its owner knows that it will not come back. */
async function remove(context: ReconcileContext, { pod, why }: Doomed): Promise<void> {
  const observedGeneration = pod.metadata.generation
  const said = { reason: "DeletionByPodGC", message: "PodGC: node no longer exists", observedGeneration }
  const last = {
    phase: "Failed",
    ...(why === "orphaned" && { conditions: [disruptionTarget(said, context.clock.now())] }),
  }
  await disruptPod(context, pod, isTerminal(pod) ? undefined : last, { gracePeriodSeconds: 0 })
}
