import { type Clock, sleep } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import type { EventRecorder } from "../../client/event-recorder.ts"
import type { Rejection } from "../admission/admit-pod.ts"
import type { KubeletMetrics } from "../metrics/kubelet-metrics.ts"
import type { PodWorkers } from "../pods/pod-workers.ts"
import type { MachineShutdown, ShutdownHold, ShutdownRecord } from "./machine-shutdown.ts"
import {
  groupForShutdown,
  shutdownGraceSeconds,
  type ShutdownGroup,
  type ShutdownPeriod,
} from "./plan-shutdown.ts"

export interface ShutdownOptions {
  /** As `shutdownPeriods` gives them; none: the machine does not wait for pods. */
  readonly periods: readonly ShutdownPeriod[]
  readonly machine: MachineShutdown
  readonly record: ShutdownRecord
}

export interface NodeShutdownOptions extends ShutdownOptions {
  readonly nodeName: string
  readonly workers: PodWorkers
  readonly events: EventRecorder
  readonly metrics: KubeletMetrics
  readonly clock: Clock
  readonly log: Logger
  /** The machine is going down, or stays after all. */
  readonly changed: () => void
}

const message = "Pod was terminated in response to imminent node shutdown."
const firstRetryMs = 1000
const maxRetryMs = 60_000

/**
 * Ends a node's pods in order before the machine goes down, the least important first, within the time that the
 * configuration gives them; the machine waits. What then is bound to the node is refused.
 * (https://kubernetes.io/docs/concepts/cluster-administration/node-shutdown/)
 */
export class NodeShutdown {
  readonly #options: NodeShutdownOptions
  #hold: ShutdownHold | undefined
  #isShuttingDown = false

  constructor(options: NodeShutdownOptions) {
    this.#options = options
  }

  get isShuttingDown(): boolean {
    return this.#isShuttingDown
  }

  /** Why a new pod may not come; undefined if it may. */
  judge(): Rejection | undefined {
    if (!this.#isShuttingDown) return undefined
    return { reason: "NodeShutdown", message: "Pod was rejected as the node is shutting down." }
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, log, periods } = this.#options
    if (periods.length === 0) return
    await this.#tellLast()
    for (let waitMs = firstRetryMs; !signal.aborted; waitMs = Math.min(waitMs * 2, maxRetryMs)) {
      await this.#follow(signal).catch((error: unknown) =>
        log.warn("the machine does not wait for pods when it goes down", { error }),
      )
      await sleep(clock, waitMs, signal)
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { machine, periods } = this.#options
    const seconds = periods.reduce((sum, period) => sum + period.shutdownGracePeriodSeconds, 0)
    await machine.ensureDelay(seconds * 1000)
    this.#hold = await machine.hold()
    try {
      for await (const goesDown of machine.follow(signal))
        await (goesDown ? this.#shutDown(signal) : this.#stay())
    } finally {
      this.#hold.release()
    }
  }

  async #shutDown(signal: AbortSignal): Promise<void> {
    this.#tell(true, "Shutdown manager detected shutdown event")
    const { workers, periods, clock } = this.#options
    const startMs = clock.now()
    await this.#note({ startMs })
    const pods = workers.list().flatMap(({ state: { stage, pod } }) => {
      return stage.kind === "syncing" || stage.kind === "terminating" ? [pod] : []
    })
    for (const group of groupForShutdown(periods, pods)) await this.#end(group, signal)
    await this.#note({ startMs, endMs: clock.now() })
    this.#hold?.release()
  }

  /** Also their volumes are given back before the next group's turn: a driver may be among those. */
  async #end(group: ShutdownGroup, signal: AbortSignal): Promise<void> {
    const { workers, clock, log } = this.#options
    const patience = new AbortController()
    const give = AbortSignal.any([signal, patience.signal])
    const timer = clock.after(group.shutdownGracePeriodSeconds * 1000, () => patience.abort())
    const ends = group.pods.map(async (pod) => {
      const worker = workers.find(pod.metadata.uid)
      worker?.handle({
        kind: "evict",
        reason: "Terminated",
        message,
        gracePeriodSeconds: shutdownGraceSeconds(pod, group),
        condition: { reason: "TerminationByKubelet", message },
      })
      await worker?.until(({ stage }) => stage.kind === "finished" || stage.kind === "rejected", give)
    })
    await Promise.all(ends)
    timer.cancel()
    if (patience.signal.aborted)
      log.warn("not all pods have ended before the machine goes down", { priority: group.priority })
  }

  async #stay(): Promise<void> {
    this.#tell(false, "Shutdown manager detected shutdown cancellation")
    this.#hold?.release()
    this.#hold = await this.#options.machine.hold()
  }

  #tell(isShuttingDown: boolean, what: string): void {
    const { events, nodeName: name, changed } = this.#options
    this.#isShuttingDown = isShuttingDown
    events.event({ kind: "Node", name, uid: name }, "Normal", "Shutdown", what)
    changed()
  }

  async #note(times: { readonly startMs: number; readonly endMs?: number }): Promise<void> {
    const { record, metrics, log } = this.#options
    metrics.shutdownStart.set(Math.floor(times.startMs / 1000))
    metrics.shutdownEnd.set(Math.floor((times.endMs ?? 0) / 1000))
    await record.store(times).catch((error: unknown) => log.warn("the shutdown is not noted", { error }))
  }

  async #tellLast(): Promise<void> {
    const { record, metrics, log } = this.#options
    try {
      const { startMs, endMs } = await record.load()
      if (startMs) metrics.shutdownStart.set(Math.floor(startMs / 1000))
      if (endMs) metrics.shutdownEnd.set(Math.floor(endMs / 1000))
    } catch (error) {
      log.warn("when the node last went down is not known", { error })
    }
  }
}
