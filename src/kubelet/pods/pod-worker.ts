import { assertNever } from "../../base/assert-never.ts"
import { onAbort } from "../../base/on-abort.ts"
import { sleep, type Timer } from "../../base/clock.ts"
import { ignoreNotFound, isStatusError } from "../../apimachinery/status-error.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import type { PodSandboxConfig } from "../../container-runtime/cri.ts"
import { StartError } from "../images/start-error.ts"
import type { KubeletServices } from "../kubelet-services.ts"
import { containerTypeLabels } from "../metrics/kubelet-metrics.ts"
import { AdmissionError } from "../node-host.ts"
import { addressesOf } from "./pod-addresses.ts"
import { isTurnToStop } from "./plan-terminating.ts"
import { findPodContainer, podReference } from "./pod-containers.ts"
import type { PodEffect, PodInput, PodState, RemovedContainer, ResizePending } from "./pod-state.ts"
import { cleanUpPod, removeRemains, stopSandboxes } from "./give-back.ts"
import { resourceViews } from "./given-resources.ts"
import { PodProbes } from "./pod-probes.ts"
import { PodResizer } from "./pod-resizer.ts"
import { afterStop } from "./after-stop.ts"
import { currentSandbox, runningContainers } from "./runtime-pod.ts"
import { setupFailure } from "./setup-failure.ts"
import { sandboxConfig, startSandbox } from "./start-sandbox.ts"
import { startContainer } from "./start-container.ts"
import { StatusTeller } from "./status-teller.ts"
import { step } from "./step.ts"
import { stopContainer } from "./stop-container.ts"

// How long to wait before something that failed is tried again. Upstream waits 10 to 15 s for most; sooner does no harm.
const retryMs = 2000
const maxRetryMs = 120_000
// For what is on its way, such as a volume that is being attached.
const waitingMs = 300
const startRetryMs = 10_000
const forgetTries = 8

export interface PodWorkerOptions {
  /** Nothing of the pod is left. */
  readonly forgotten: (worker: PodWorker) => void
  /** Why the node has no room for what the pod wants now; undefined if it has. */
  readonly judgeResize: (pod: Pod) => Omit<ResizePending, "generation"> | undefined
}

/**
 * The shell around one pod's state: hands inputs to `step`, performs the effects it asks for, sets the one timer it wants
 * and tells the API how the pod is. It decides nothing.
 */
export class PodWorker {
  #state: PodState
  readonly #services: KubeletServices
  readonly #forgotten: PodWorkerOptions["forgotten"]
  readonly #starts = new Map<string, AbortController>()
  readonly #stops = new Map<string, AbortController>()
  readonly #probes: PodProbes
  readonly #resizer: PodResizer
  readonly #status: StatusTeller
  readonly #watchers = new Set<() => void>()
  #timer: Timer | undefined
  #sandboxConfig: { id: string; config: PodSandboxConfig } | undefined
  #failures = 0
  #closed = false

  constructor(state: PodState, services: KubeletServices, { forgotten, judgeResize }: PodWorkerOptions) {
    this.#state = state
    this.#services = services
    this.#forgotten = forgotten
    this.#probes = new PodProbes(services.host.prober, {
      result: (id, probe, result) => this.handle({ kind: "probed", id, probe, result }),
      unhealthy: (container, message) => this.#event("Warning", "Unhealthy", message, container),
      warned: (container, message) => this.#event("Warning", "ProbeWarning", message, container),
    })
    this.#status = new StatusTeller(services)
    this.#resizer = new PodResizer(services, {
      judge: judgeResize,
      state: () => this.#state,
      handle: (input) => this.handle(input),
      event: (type, reason, message) => this.#event(type, reason, message),
      isClosed: () => this.#closed,
    })
  }

  get state(): PodState {
    return this.#state
  }

  get probeCounts(): PodProbes["counts"] {
    return this.#probes.counts
  }

  get probeTimes(): PodProbes["times"] {
    return this.#probes.times
  }

  /** Begins to act on the state as it is. */
  start(): void {
    this.handle({ kind: "timer" })
  }

  handle(input: PodInput): void {
    if (this.#closed) return
    const { clock, metrics } = this.#services
    const beganMs = clock.monotonic()
    const { state, effects, wakeAtMs } = step(this.#state, input, clock.now())
    this.#state = state
    this.#timer?.cancel()
    this.#timer =
      wakeAtMs === undefined
        ? undefined
        : clock.after(Math.max(wakeAtMs - clock.now(), 0), () => this.handle({ kind: "timer" }))
    this.#probes.follow(state)
    this.#status.tell(this.#state)
    for (const look of this.#watchers) look()
    for (const effect of effects) this.#perform(effect)
    const operation = state.stage.kind === "terminating" ? "terminating_pod" : "sync"
    metrics.podWorkerDuration.observe((clock.monotonic() - beganMs) / 1000, operation)
  }

  /** Resolves when the state is as `condition` wants it, or `signal` aborts, or the worker ends. */
  until(condition: (state: PodState) => boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      let forget = () => {}
      const look = () => {
        if (!this.#closed && !signal.aborted && !condition(this.#state)) return
        this.#watchers.delete(look)
        forget()
        resolve()
      }
      this.#watchers.add(look)
      forget = onAbort(signal, look)
      look()
    })
  }

  /** Stops acting; containers go on. For the end of the process. */
  close(): void {
    this.#closed = true
    for (const look of this.#watchers) look()
    this.#timer?.cancel()
    this.#probes.close()
    for (const abort of [...this.#starts.values(), ...this.#stops.values()]) abort.abort()
  }

  #perform(effect: PodEffect): void {
    const { log } = this.#services
    this.#begin(effect).catch((error: unknown) => {
      if (!this.#closed) log.error("pod effect failed", { pod: this.#name, effect: effect.kind, error })
    })
  }

  async #begin(effect: PodEffect): Promise<void> {
    switch (effect.kind) {
      case "event":
        return this.#event(effect.type, effect.reason, effect.message, effect.container)
      case "prepare":
        return this.#prepare()
      case "startSandbox":
        return this.#startSandbox(effect.attempt)
      case "stopSandboxes":
        return this.#stopSandboxes()
      case "startContainer":
        return this.#startContainer(effect)
      case "abandonStart":
        return this.#starts.get(effect.name)?.abort()
      case "stopContainer":
        return this.#stopContainer(effect)
      case "removeContainers":
        return this.#removeContainers(effect.containers)
      case "judgeResize":
        return this.#resizer.judge()
      case "resizeContainer":
        return this.#resizer.resize(effect.name, effect.id)
      case "removeSandboxes":
        for (const id of effect.ids) await this.#services.runtime.removePodSandbox(id)
        return
      case "cleanUp":
        return this.#cleanUp()
      case "deletePod":
        return this.#deletePod()
      case "forget":
        return this.#forget()
      default:
        return assertNever(effect)
    }
  }

  async #prepare(): Promise<void> {
    const { host, clock } = this.#services
    try {
      await host.resources?.allocate(this.#state.pod, runningContainers(this.#state.runtime).length > 0)
      await host.volumes.mount(this.#state.pod, () => this.handle({ kind: "retryNow" }))
      await host.claims?.prepare(this.#state.pod)
      this.#failures = 0
      this.handle({ kind: "setupDone" })
    } catch (error) {
      if (error instanceof AdmissionError) return this.#reject(error)
      const { reason, message, isWaiting } = setupFailure(error)
      if (!this.#closed && !isWaiting) this.#event("Warning", reason, message)
      const delayMs = isWaiting ? waitingMs : this.#nextRetryMs(500)
      this.handle({ kind: "setupFailed", retryAtMs: clock.now() + delayMs })
    }
  }

  /** Nothing of the pod was begun. */
  #reject({ reason, message }: AdmissionError): void {
    if (!this.#closed) this.#event("Warning", reason, message)
    this.#services.metrics.rejections.add(1, reason)
    this.handle({ kind: "evict", reason, message, gracePeriodSeconds: 0 })
    this.handle({ kind: "setupFailed", retryAtMs: this.#services.clock.now() })
  }

  async #startSandbox(attempt: number): Promise<void> {
    const { clock, metrics } = this.#services
    metrics.startedPods.add(1)
    try {
      const { sandbox, config } = await startSandbox(this.#services, this.#state.pod, attempt)
      this.#sandboxConfig = { id: sandbox.id, config }
      this.#failures = 0
      this.handle({ kind: "sandboxStarted", sandbox })
    } catch (error) {
      metrics.startedPodErrors.add(1)
      if (!this.#closed)
        this.#event(
          "Warning",
          "FailedCreatePodSandBox",
          `Failed to create pod sandbox: ${(error as Error).message}`,
        )
      this.handle({ kind: "sandboxFailed", retryAtMs: clock.now() + this.#nextRetryMs(retryMs) })
    }
  }

  async #stopSandboxes(): Promise<void> {
    const { observer, log, clock } = this.#services
    const { uid } = this.#state.pod.metadata
    for (let waitMs = 200; !this.#closed; waitMs = Math.min(waitMs * 2, 10_000)) {
      try {
        const stopped = await stopSandboxes(this.#services, uid)
        const runtime = afterStop(this.#state, stopped) ?? (await observer.observePod(uid))
        return this.handle({ kind: "sandboxStopped", runtime })
      } catch (error) {
        if (this.#closed) return
        log.warn("sandbox not stopped, trying again", { pod: this.#name, error })
        const message = `error killing pod: ${(error as Error).message}`
        if (waitMs === 200) this.#event("Warning", "FailedKillPod", message)
      }
      await sleep(clock, waitMs)
    }
  }

  async #startContainer({
    name,
    attempt,
    sandboxId,
  }: Extract<PodEffect, { kind: "startContainer" }>): Promise<void> {
    const services = this.#services
    const { runtime } = this.#state
    // What the node has no room for yet it does not get by beginning anew either.
    const pod = resourceViews(this.#state).allocated
    const container = findPodContainer(pod, name)!
    const abort = new AbortController()
    this.#starts.set(name, abort)
    const target = container.targetContainerName
    const containerType = containerTypeLabels[container.role]
    services.metrics.startedContainers.add(1, containerType)
    const targetContainerId = runningContainers(runtime).find((each) => each.name === target)?.id
    try {
      await startContainer(services, {
        pod,
        container,
        attempt,
        sandboxId,
        sandboxConfig: await this.#configOf(sandboxId),
        addresses: addressesOf(this.#state, this.#services.machine),
        ...(targetContainerId && { targetContainerId }),
        signal: abort.signal,
        event: (type, reason, message) => this.#event(type, reason, message, name),
        running: (running) => this.handle({ kind: "containerObserved", container: running }),
      })
      this.#starts.delete(name)
      this.handle({ kind: "startDone", name })
    } catch (error) {
      this.#starts.delete(name)
      const { reason, message, retryAtMs } =
        error instanceof StartError ? error : new StartError("Unknown", (error as Error).message)
      services.metrics.startedContainerErrors.add(1, reason, containerType)
      if (isPastCreation(reason)) await this.#observeFailedAttempt()
      const retry = retryAtMs ?? services.clock.now() + startRetryMs
      this.handle({ kind: "startFailed", name, reason, message, retryAtMs: retry })
    }
  }

  /** What was made before a start failed counts as an attempt, and shows what went wrong. */
  async #observeFailedAttempt(): Promise<void> {
    const { observer, log } = this.#services
    try {
      const runtime = await observer.observePod(this.#state.pod.metadata.uid)
      this.handle({ kind: "observed", runtime })
    } catch (error) {
      log.debug("failed attempt not seen", { pod: this.#name, error })
    }
  }

  async #stopContainer(effect: Extract<PodEffect, { kind: "stopContainer" }>): Promise<void> {
    const { name, id, gracePeriodSeconds, message } = effect
    const { observer, log, clock } = this.#services
    const { pod, runtime } = this.#state
    const earlier = this.#stops.get(id)
    earlier?.abort()
    const abort = new AbortController()
    this.#stops.set(id, abort)
    if (message) this.#event("Normal", "Killing", message, name)
    const sandboxId = runtime.containers.find((container) => container.id === id)?.sandboxId ?? ""
    const podIp = addressesOf(this.#state, this.#services.machine).podIps[0] ?? ""
    const event: Parameters<typeof stopContainer>[1]["event"] = (type, reason, text) =>
      this.#event(type, reason, text, name)
    let tries = 0
    while (!abort.signal.aborted) {
      try {
        const turn = (signal: AbortSignal) => this.until((state) => isTurnToStop(state, name), signal)
        const stop = { pod, name, id, gracePeriodSeconds, podIp, signal: abort.signal, event, turn }
        const runsHook = !earlier && tries++ === 0
        await stopContainer(this.#services, { ...stop, runsHook })
        if (abort.signal.aborted) return
        const container = await observer.observeContainer(id, sandboxId)
        if (container) this.handle({ kind: "containerObserved", container })
        else this.handle({ kind: "containersRemoved", ids: [id] })
        this.#stops.delete(id)
        return this.handle({ kind: "stopDone", name, id })
      } catch (error) {
        if (abort.signal.aborted) return
        log.warn("container not stopped, trying again", { pod: this.#name, container: name, error })
        await sleep(clock, 1000)
      }
    }
  }

  async #removeContainers(containers: readonly RemovedContainer[]): Promise<void> {
    const { runtime, host } = this.#services
    for (const { id, logPath } of containers) {
      await runtime.removeContainer(id)
      if (logPath) await host.logs.remove(logPath)
    }
  }

  async #cleanUp(): Promise<void> {
    const { log, clock } = this.#services
    try {
      await cleanUpPod(this.#services, this.#state.pod.metadata.uid)
      this.handle({ kind: "cleaned" })
    } catch (error) {
      log.warn("pod not cleaned up, trying again", { pod: this.#name, error })
      clock.after(this.#nextRetryMs(500), () => this.handle({ kind: "cleanFailed" }))
    }
  }

  /** The last word on a pod's containers must be told before the pod is gone: a Job counts by it. */
  async #deletePod(): Promise<void> {
    const { client, statuses, log, clock } = this.#services
    const { name, namespace = "", uid } = this.#state.pod.metadata
    await statuses.flushed(uid)
    if (this.#closed) return
    const options = { gracePeriodSeconds: 0, preconditions: { uid } }
    try {
      await client.delete(Pod, { namespace, name }, options).catch(ignoreNotFound)
    } catch (error) {
      // Another pod has taken its name: this one is gone.
      if (isStatusError(error, "Conflict")) return this.handle({ kind: "podGone" })
      log.warn("pod not deleted, trying again", { pod: this.#name, error })
      clock.after(this.#nextRetryMs(500), () => this.handle({ kind: "deleteFailed" }))
    }
  }

  async #forget(): Promise<void> {
    const { statuses, log, clock } = this.#services
    this.close()
    statuses.forget(this.#state.pod.metadata.uid)
    for (let waitMs = 500, tries = 0; tries < forgetTries; waitMs *= 2, tries++) {
      try {
        await removeRemains(this.#services, this.#state.pod.metadata.uid)
        break
      } catch (error) {
        log.debug("remains of a pod not removed", { pod: this.#name, error })
        await sleep(clock, waitMs)
      }
    }
    // Not before: until then what is left of it has an owner. What could not be removed is found at the next start.
    this.#forgotten(this)
  }

  /** A sandbox that was there before this process has the configuration that this pod would give it. */
  async #configOf(sandboxId: string): Promise<PodSandboxConfig> {
    if (this.#sandboxConfig?.id !== sandboxId) {
      const attempt = currentSandbox(this.#state.runtime)?.attempt ?? 0
      const config = await sandboxConfig(this.#services, this.#state.pod, attempt)
      this.#sandboxConfig = { id: sandboxId, config }
    }
    return this.#sandboxConfig.config
  }

  #event(type: "Normal" | "Warning", reason: string, message: string, container?: string): void {
    this.#services.events.event(podReference(this.#state.pod, container), type, reason, message)
  }

  #nextRetryMs(initialMs: number): number {
    return Math.min(initialMs * 2 ** this.#failures++, maxRetryMs)
  }

  get #name(): string {
    const { namespace, name } = this.#state.pod.metadata
    return `${namespace}/${name}`
  }
}

function isPastCreation(reason: string): boolean {
  return reason === "RunContainerError" || reason === "PostStartHookError"
}
