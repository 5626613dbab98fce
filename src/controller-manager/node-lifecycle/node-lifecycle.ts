/**
 * Node lifecycle: a node that falls silent is known to be lost, and every node carries the taints that its state asks
 * for.
 *
 * Reads nodes, their leases and pods; writes node conditions, taints and labels, and pods' Ready condition.
 * Woken by changes of nodes and renewals of leases, and when a node's patience or the meter of evictions runs out.
 */
import { Lease } from "../../api/coordination/v1/lease.ts"
import { Node } from "../../api/core/v1/node.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  requeueAfter,
  type Result,
  watch,
} from "../../client/controller.ts"
import type { EventRecorder } from "../../client/event-recorder.ts"
import { podsByNode } from "../shared/pods-by-node.ts"
import { EvictionRate } from "./eviction-rate.ts"
import { computeSilentConditions, type GracePeriods, readyCondition, silentAtMs } from "./health.ts"
import { markPodsNotReady } from "./mark-pods.ts"
import { NodeLifecycleMetrics } from "./node-lifecycle-metrics.ts"
import { computeTaints, evictingTaint, hasEvictingTaint } from "./taints.ts"
import { Zones, zoneOf } from "./zones.ts"

export interface NodeLifecycleOptions {
  /** @default 50_000, and 60_000 for a node that never reported */
  readonly grace?: GracePeriods
  readonly metrics?: NodeLifecycleMetrics | undefined
}

/** What is remembered of a node between looks. Lost with the process, which only costs patience. */
interface Memory {
  uid: string
  /** The newest lease renewal and heartbeat seen, as text: only whether they change counts, not their clocks. */
  seen: string
  heardMs: number
  podsMarked: boolean
}

const leaseNamespace = "kube-node-lease"

export function createNodeLifecycleController(options: NodeLifecycleOptions = {}): ControllerDefinition {
  const { grace = { monitorMs: 50_000, startupMs: 60_000 }, metrics = new NodeLifecycleMetrics() } = options
  const lifecycle = new NodeLifecycle(grace, metrics)
  return {
    name: "node-lifecycle-controller",
    eventSource: "node-controller",
    watches: [
      watch(Node, (node) => [keyOf(node)]),
      watch(Lease, ({ metadata: { namespace, name } }) => (namespace === leaseNamespace ? [{ name }] : [])),
      watch(Pod, () => [], podsByNode),
    ],
    workers: 8,
    reconcile: (key, context) => lifecycle.reconcile(key, context),
  }
}

class NodeLifecycle {
  readonly #grace: GracePeriods
  readonly #memories = new Map<string, Memory>()
  readonly #zones = new Zones()
  readonly #evictions = new EvictionRate()
  readonly #metrics: NodeLifecycleMetrics
  #wasCutOff = false

  constructor(grace: GracePeriods, metrics: NodeLifecycleMetrics) {
    this.#grace = grace
    this.#metrics = metrics
    metrics.follow(() => this.#zones.figures())
  }

  async reconcile(key: ObjectKey, context: ReconcileContext): Promise<Result> {
    const { cache, clock, events } = context

    // Observe.
    const node = cache.find(Node, key)
    if (!node) return this.#forget(key.name, events)
    const memory = this.#remember(node, context)

    // Decide and act: health first, because taints follow from it.
    const silentMs = silentAtMs(node, memory.heardMs, this.#grace)
    const judged = silentMs <= clock.monotonic() ? await applySilence(context, node) : node
    await this.#followReadiness(context, judged, memory)
    const retryMs = await this.#applyTaints(context, judged)

    const patienceMs = silentMs - clock.monotonic()
    const nextMs = [patienceMs, retryMs].filter((ms) => ms !== undefined && ms > 0) as number[]
    return nextMs.length > 0 ? requeueAfter(Math.min(...nextMs)) : done
  }

  #forget(name: string, events: EventRecorder): Result {
    const memory = this.#memories.get(name)
    this.#memories.delete(name)
    this.#zones.delete(name)
    if (memory) tellOfNode(events, name, memory.uid, "RemovingNode", `Removing Node ${name} from Controller`)
    return done
  }

  #remember(node: Node, { cache, clock, events }: ReconcileContext): Memory {
    const { name, uid } = node.metadata
    const lease = cache.find(Lease, { namespace: leaseNamespace, name })
    const seen = `${lease?.spec.renewTime ?? ""} ${readyCondition(node)?.lastHeartbeatTime ?? ""}`
    const known = this.#memories.get(name)
    if (known?.uid === uid) {
      if (known.seen !== seen) Object.assign(known, { seen, heardMs: clock.monotonic() })
      return known
    }
    tellOfNode(events, name, uid, "RegisteredNode", `Registered Node ${name} in Controller`)
    // What was so before we looked has been told by whoever looked then.
    const podsMarked = readyCondition(node)?.status !== "True"
    const memory = { uid, seen, heardMs: clock.monotonic(), podsMarked }
    this.#memories.set(name, memory)
    return memory
  }

  /** Pods on a node that is not ready are not ready either, whatever the node said of them last. */
  async #followReadiness(context: ReconcileContext, node: Node, memory: Memory): Promise<void> {
    const { name, uid, labels } = node.metadata
    const isReady = readyCondition(node)?.status === "True"
    if (labels?.["node.kubernetes.io/exclude-disruption"] === undefined)
      this.#zones.set(name, zoneOf(node), isReady)
    this.#noticeCutOff(context.clock.monotonic())
    if (isReady) memory.podsMarked = false
    else if (readyCondition(node) && !memory.podsMarked) {
      tellOfNode(context.events, name, uid, "NodeNotReady", `Node ${name} status is now: NodeNotReady`, "")
      await markPodsNotReady(context, name)
      memory.podsMarked = true
    }
  }

  /** When the first node is heard again after none was, all others get their whole patience anew. */
  #noticeCutOff(nowMs: number): void {
    const isCutOff = this.#zones.allDisrupted
    if (this.#wasCutOff && !isCutOff) for (const memory of this.#memories.values()) memory.heardMs = nowMs
    this.#wasCutOff = isCutOff
  }

  /** Gives when to look again, if the meter held something back. */
  async #applyTaints({ client, clock }: ReconcileContext, node: Node): Promise<number | undefined> {
    let evicting = this.#zones.allDisrupted ? undefined : evictingTaint(node)
    let retryMs: number | undefined
    // A node that is being evicted already may change its reason at once.
    if (evicting && !hasEvictingTaint(node)) {
      const waitMs = this.#evictions.take(zoneOf(node), this.#zones, clock.monotonic())
      if (waitMs !== 0) [evicting, retryMs] = [undefined, waitMs ?? 10_000]
    }
    const taints = computeTaints(node, evicting, clock.now())
    if (taints) {
      const { resourceVersion } = node.metadata
      const body = { metadata: { resourceVersion }, spec: { taints: taints.length > 0 ? taints : null } }
      await client.patch(Node, keyOf(node), { type: "strategic", body })
      if (evicting && !hasEvictingTaint(node)) this.#metrics.evicted(zoneOf(node))
    }
    return retryMs
  }
}

async function applySilence({ client, clock }: ReconcileContext, node: Node): Promise<Node> {
  const conditions = computeSilentConditions(node, clock.now())
  if (!conditions) return node
  return client.updateStatus(Node, { ...node, status: { ...node.status, conditions } })
}

function tellOfNode(
  events: EventRecorder,
  name: string,
  uid: string,
  reason: string,
  message: string,
  prefix = `Node ${name} event: `,
): void {
  const about = { apiVersion: "v1", kind: "Node", name, uid }
  events.event(about, "Normal", reason, `${prefix}${message}`)
}
