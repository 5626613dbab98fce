import { formatTime } from "../../apimachinery/time.ts"
import { keyOf } from "../../apimachinery/meta.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import type { TestCluster } from "./test-cluster.ts"

export interface SimulatedNodes {
  /** Pods for which this says false never become ready. */
  isGood: (pod: Pod) => boolean
  /** How a pod that runs comes to its end by itself; undefined for one that runs for ever. */
  outcome: (pod: Pod) => Outcome | undefined
}

export interface Outcome {
  readonly phase: "Succeeded" | "Failed"
  readonly exitCode?: number
  /** @default 1000 */
  readonly afterMs?: number
}

/**
 * Stands in for scheduler and kubelet: every pod is bound to some node, runs and is ready after a while, and is gone a
 * while after its deletion was asked for.
 */
export function simulateNodes(
  cluster: Pick<TestCluster, "client" | "clock" | "informers">,
  options: {
    readonly readyAfterMs?: number
    readonly goneAfterMs?: number
    readonly nodes?: number
    /** Where a pod wants to run, if it says so. */
    readonly nodeOf?: (pod: Pod) => string | undefined
  } = {},
): SimulatedNodes {
  const { client, clock, informers } = cluster
  const { readyAfterMs = 1000, goneAfterMs = 1000, nodes = 3 } = options
  const controls: SimulatedNodes = { isGood: () => true, outcome: () => undefined }
  const seen = new Set<string>()
  const dying = new Set<string>()
  let count = 0

  informers.onChange(Pod, (pod) => {
    if (!pod) return
    const { uid, deletionTimestamp } = pod.metadata
    if (deletionTimestamp && !dying.has(uid)) {
      dying.add(uid)
      clock.after(goneAfterMs, () => void end(pod))
    } else if (!seen.has(uid)) {
      seen.add(uid)
      const node = pod.spec.nodeName || options.nodeOf?.(pod) || `node-${count % nodes}`
      count++
      const address = `10.${count >> 16}.${(count >> 8) & 255}.${count & 255}`
      void bind(pod, node)
      clock.after(readyAfterMs, () => void run(pod, address))
    }
  })

  async function bind(pod: Pod, node: string): Promise<void> {
    if (pod.spec.nodeName) return
    const target = { apiVersion: "v1", kind: "Node", name: node }
    const body = { apiVersion: "v1", kind: "Binding", metadata: { ...keyOf(pod) }, target }
    await client.createSubresource(Pod, keyOf(pod), "binding", body).catch(() => {})
  }

  async function run(pod: Pod, address: string): Promise<void> {
    const current = informers.cache.find(Pod, keyOf(pod))
    if (current?.metadata.uid !== pod.metadata.uid || current.metadata.deletionTimestamp) return
    if (!controls.isGood(current)) return
    await report(withStatus(current, address, clock.now()))
    const outcome = controls.outcome(current)
    if (outcome) clock.after(outcome.afterMs ?? 1000, () => void finish(current, outcome))
  }

  async function finish(pod: Pod, { phase, exitCode = phase === "Failed" ? 1 : 0 }: Outcome): Promise<void> {
    const current = informers.cache.find(Pod, keyOf(pod))
    if (current?.metadata.uid !== pod.metadata.uid) return
    const now = formatTime(clock.now())
    const containerStatuses = current.spec.containers.map(({ name, image }) => ({
      name,
      image: image ?? "",
      imageID: "",
      ready: false,
      restartCount: 0,
      state: { terminated: { exitCode, startedAt: now, finishedAt: now } },
      lastState: {},
    }))
    const conditions = current.status.conditions?.map((one) =>
      one.type === "Ready" ? { ...one, status: "False", lastTransitionTime: now } : one,
    )
    const status = { ...current.status, phase, containerStatuses, conditions }
    await report({ ...current, status })
  }

  /** Whatever else was written meanwhile: a kubelet's word on its pod's status counts. */
  async function report(pod: Pod): Promise<void> {
    const body = { metadata: { uid: pod.metadata.uid }, status: pod.status }
    await client
      .patch(Pod, keyOf(pod), { type: "strategic", body }, { subresource: "status" })
      .catch(() => {})
  }

  async function end(pod: Pod): Promise<void> {
    await client
      .delete(Pod, keyOf(pod), { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } })
      .catch(() => {})
  }

  return controls
}

/** Running and ready. */
export function withStatus(pod: Pod, address: string, nowMs: number): Pod {
  const since = formatTime(nowMs)
  const condition = (type: string) => ({
    type,
    status: "True",
    lastProbeTime: null as never,
    lastTransitionTime: since,
  })
  return {
    ...pod,
    status: {
      ...pod.status,
      phase: "Running",
      startTime: since,
      podIP: address,
      podIPs: [{ ip: address }],
      conditions: ["PodScheduled", "Initialized", "ContainersReady", "Ready"].map(condition),
    },
  }
}
