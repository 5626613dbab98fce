import { sleep } from "../../base/clock.ts"
import type { Node } from "../../api/core/v1/node.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import {
  admitPod,
  findShortage,
  type NodeOfPod,
  type Rejection,
  rejectedMessage,
} from "../admission/admit-pod.ts"
import { planPreemption } from "../admission/plan-preemption.ts"
import {
  gracePeriodAnnotation,
  podNameLabel,
  podNamespaceLabel,
  podUidLabel,
} from "../containers/runtime-labels.ts"
import type { KubeletServices } from "../kubelet-services.ts"
import { becomeRejected, createPodState } from "./become.ts"
import { adoptProbes } from "./adopt-probes.ts"
import { resourceViews } from "./given-resources.ts"
import { type ExclusiveRefusal, refuseExclusiveResize } from "./refuse-exclusive-resize.ts"
import { PodWorker, type PodWorkerOptions } from "./pod-worker.ts"
import { requestedResizes } from "./requested-resizes.ts"
import type { PodState, ResizePending } from "./pod-state.ts"
import { isStaticPod } from "../static-pods/static-pod.ts"
import { noRuntimePod, runningContainers, type RuntimePod } from "./runtime-pod.ts"

export interface PodWorkersOptions {
  /** How often everything is compared with the runtime, beside what its events tell; undefined: never. */
  readonly relistMs: number | undefined
  /** Why the node takes no new pods like this one now; undefined if it does. */
  readonly judge: (pod: Pod) => Rejection | undefined
  /** The node as the API last showed it. */
  readonly node: () => Node | undefined
}

/**
 * One worker per pod that the API has bound to this node, or that the runtime still has. Pods found running at the start
 * are taken over as they are; what belongs to nobody any more is ended and removed.
 */
export class PodWorkers {
  readonly #services: KubeletServices
  readonly #options: PodWorkersOptions
  readonly #workers = new Map<string, PodWorker>()
  /** Pods that came back under the same UID, as static pods do, while what they were before still ends: by UID. */
  readonly #returning = new Map<string, Pod>()
  #isReady = false
  #becomeReady: () => void = () => {}
  /** Resolves when everything that runs is taken over. */
  readonly ready = new Promise<void>((resolve) => {
    this.#becomeReady = resolve
  })
  #relistedMs: number | undefined

  constructor(services: KubeletServices, options: PodWorkersOptions) {
    this.#services = services
    this.#options = options
  }

  /** The pods of this node, as workers see them. */
  list(): readonly PodWorker[] {
    return [...this.#workers.values()]
  }

  /** How long ago everything was last compared with the runtime; 0 where that is not done, or not yet. */
  get sinceRelistMs(): number {
    const { relistMs } = this.#options
    if (relistMs === undefined || this.#relistedMs === undefined) return 0
    return this.#services.clock.monotonic() - this.#relistedMs
  }

  /** True once everything that runs is taken over. */
  get isReady(): boolean {
    return this.#isReady
  }

  find(podUid: string): PodWorker | undefined {
    return this.#workers.get(podUid)
  }

  findByName(namespace: string, name: string): PodWorker | undefined {
    return this.list().find(
      ({ state: { pod } }) => pod.metadata.namespace === namespace && pod.metadata.name === name,
    )
  }

  /** Takes over what runs. `pods` is everything that the API has for this node. Call once, before `set` and `remove`. */
  async adopt(pods: readonly Pod[]): Promise<void> {
    const running = await this.#services.observer.observeAll(() => undefined)
    for (const pod of pods) this.#add(pod, running.get(pod.metadata.uid) ?? noRuntimePod)
    for (const [uid, runtime] of running) if (!this.#workers.has(uid)) await this.#endOrphan(uid, runtime)
    await this.#removeLeftovers(new Set([...pods.map(({ metadata }) => metadata.uid), ...running.keys()]))
    this.#isReady = true
    this.#becomeReady()
  }

  /** A pod is new or changed in the API. */
  set(pod: Pod): void {
    const worker = this.#workers.get(pod.metadata.uid)
    if (!worker) return this.#add(pod, noRuntimePod)
    if (endsBecauseGone(worker.state) && !pod.metadata.deletionTimestamp) {
      this.#returning.set(pod.metadata.uid, pod)
      return
    }
    const before = worker.state.pod
    for (const { resource, requirement, operation } of requestedResizes(before, pod))
      this.#services.metrics.requestedResizes.add(1, resource, requirement, operation)
    worker.handle({ kind: "podChanged", pod })
    if (
      before.metadata.labels !== pod.metadata.labels ||
      before.metadata.annotations !== pod.metadata.annotations
    )
      this.#services.host.volumes.update(pod)
  }

  /** A pod is gone from the API. */
  remove(podUid: string): void {
    this.#returning.delete(podUid)
    this.#workers.get(podUid)?.handle({ kind: "podGone" })
  }

  /** Follows the runtime until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const relisting = this.#relist(signal)
    const { runtime, clock, log } = this.#services
    while (!signal.aborted) {
      try {
        for await (const { id } of runtime.events(signal)) this.#look(id)
      } catch (error) {
        if (!signal.aborted) log.debug("runtime events ended", { error })
      }
      // What happened while nobody listened.
      await this.#compare().catch((error: unknown) => log.debug("runtime not listed", { error }))
      await sleep(clock, 200, signal)
    }
    await relisting
    for (const worker of this.#workers.values()) worker.close()
  }

  readonly #workerOptions: PodWorkerOptions = {
    forgotten: (worker) => {
      const { uid } = worker.state.pod.metadata
      this.#workers.delete(uid)
      this.#restart(uid)
      // Its place may be what another pod waits for.
      for (const other of this.#workers.values())
        if (other.state.resizePending) other.handle({ kind: "retryNow" })
    },
    judgeResize: (pod) => this.#judgeResize(pod),
  }

  /** Begins with a pod anew that came back meanwhile. */
  #restart(podUid: string): void {
    const pod = this.#returning.get(podUid)
    if (!pod) return
    this.#returning.delete(podUid)
    this.#services.metrics.restartedPods.add(1, isStaticPod(pod) ? "true" : "")
    this.#add(pod, noRuntimePod)
  }

  #judgeResize(pod: Pod): Omit<ResizePending, "generation"> | undefined {
    const { machine, metrics } = this.#services
    const refusal = this.#refuseResize(pod)
    if (refusal) {
      metrics.infeasibleResizes.add(1, refusal.detail)
      return { reason: "Infeasible", message: refusal.message }
    }
    const alone = findShortage(pod, [], machine)
    if (alone) return { reason: "Infeasible", message: alone.message }
    const crowded = findShortage(pod, this.#others(pod), machine)
    return crowded && { reason: "Deferred", message: crowded.message }
  }

  #refuseResize(pod: Pod): ExclusiveRefusal | undefined {
    const running = runningContainers(this.find(pod.metadata.uid)?.state.runtime ?? noRuntimePod)
    return refuseExclusiveResize(pod, running, this.#services.configuration)
  }

  /** What else has its place on the node. */
  #others({ metadata }: Pod): Pod[] {
    return this.list()
      .map(({ state }) => state)
      .filter(({ stage, pod }) => pod.metadata.uid !== metadata.uid && holdsPlace(stage))
      .map((state) => resourceViews(state).allocated)
  }

  #add(pod: Pod, runtime: RuntimePod): void {
    const { clock } = this.#services
    const state = adoptProbes(createPodState(pod, runtime, clock.now()))
    const rejection = this.#judge(state)
    const worker = new PodWorker(
      rejection ? becomeRejected(state, rejection.reason, rejectedMessage(rejection)) : state,
      this.#services,
      this.#workerOptions,
    )
    this.#workers.set(pod.metadata.uid, worker)
    this.#services.metrics.containersPerPod.observe(pod.spec.containers.length)
    if (rejection) {
      this.#services.events.event(pod, "Warning", rejection.reason, rejection.message)
      this.#services.metrics.rejections.add(1, rejection.reason)
    }
    worker.start()
  }

  /** Pods that ran here before were let in then. */
  #judge({ pod, stage, runtime }: PodState): Rejection | undefined {
    if (stage.kind !== "syncing" || runtime.sandboxes.length > 0 || pod.status.startTime) return undefined
    const others = this.#others(pod)
    const node = this.#nodeOfPod()
    const rejection = this.#options.judge(pod) ?? admitPod(pod, others, node)
    const shortage = findShortage(pod, others, node)
    if (!rejection || !shortage) return rejection
    const victims = planPreemption(pod, others, node)
    if (!victims) return rejection
    // Only if room is all that it lacks.
    const staying = others.filter((other) => !victims.includes(other))
    const still = this.#options.judge(pod) ?? admitPod(pod, staying, node)
    const missing = shortage.reason.replace(/^OutOf/, "")
    if (!still) for (const victim of victims) this.#preempt(victim, missing)
    return still
  }

  #nodeOfPod(): NodeOfPod {
    const { machine, configuration } = this.#services
    const node = this.#options.node()
    const strictGroups = node?.status.features?.supplementalGroupsPolicy ?? true
    const allowedSysctls = configuration.allowedUnsafeSysctls ?? []
    return { allocatable: machine.allocatable, node, allowedSysctls, strictGroups }
  }

  #preempt(pod: Pod, missing: string): void {
    this.#services.metrics.preemptions.add(1, missing)
    const message = "Preempted in order to admit critical pod"
    this.#services.events.event(pod, "Warning", "Preempting", message)
    this.find(pod.metadata.uid)?.handle({
      kind: "evict",
      reason: "Preempting",
      message,
      condition: {
        reason: "TerminationByKubelet",
        message: "Pod was preempted by Kubelet to accommodate a critical pod.",
      },
    })
  }

  /** Looks at one container or sandbox after a hint. */
  #look(id: string): void {
    const { observer, log } = this.#services
    for (const worker of this.#workers.values()) {
      const { runtime, containers, sandbox: work } = worker.state
      const container = runtime.containers.find((each) => each.id === id)
      const sandbox = runtime.sandboxes.find((each) => each.id === id)
      // Who stops one looks at it when that is done.
      const isStopping = container
        ? containers[container.name]?.kind === "stopping"
        : work.kind === "stopping"
      if (isStopping) continue
      if (container?.state === "running")
        observer
          .observeExit(id, container.sandboxId)
          .then((seen) => seen && worker.handle({ kind: "containerObserved", container: seen }))
          .catch((error: unknown) => log.debug("container not seen", { id, error }))
      if (sandbox?.ready)
        observer
          .observePod(worker.state.pod.metadata.uid)
          .then((seen) => worker.handle({ kind: "observed", runtime: seen }))
          .catch((error: unknown) => log.debug("sandbox not seen", { id, error }))
    }
  }

  async #relist(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#services
    const { relistMs } = this.#options
    if (relistMs === undefined) return
    // Soon at first: what happened between the first look and the first event was told to nobody.
    for (let waitMs = 250; !signal.aborted; waitMs = Math.min(waitMs * 4, relistMs)) {
      await sleep(clock, waitMs, signal)
      if (!signal.aborted && this.#isReady)
        await this.#compare().catch((error: unknown) => log.debug("runtime not listed", { error }))
    }
  }

  async #compare(): Promise<void> {
    if (!this.#isReady) return
    const { clock, metrics } = this.#services
    const beganMs = clock.monotonic()
    if (this.#relistedMs !== undefined) metrics.relistInterval.observe((beganMs - this.#relistedMs) / 1000)
    this.#relistedMs = beganMs
    const before = new Map([...this.#workers].map(([uid, worker]) => [uid, worker.state.runtime]))
    const now = await this.#services.observer.observeAll((uid) => before.get(uid))
    metrics.relistDuration.observe((clock.monotonic() - beganMs) / 1000)
    metrics.lastRelist.set(clock.now() / 1000)
    for (const [uid, worker] of this.#workers) {
      const seen = now.get(uid) ?? noRuntimePod
      // Only if nothing happened meanwhile: what we saw may be older than what the worker knows.
      if (worker.state.runtime === before.get(uid) && !sameRuntime(worker.state.runtime, seen))
        worker.handle({ kind: "observed", runtime: seen })
    }
    for (const [uid, runtime] of now)
      if (!this.#workers.has(uid) && !before.has(uid)) await this.#endOrphan(uid, runtime)
  }

  /** A pod that nobody asked for any more: it is ended with the patience it was made with. */
  async #endOrphan(uid: string, runtime: RuntimePod): Promise<void> {
    const { log, runtime: service } = this.#services
    const labelSelector = { [podUidLabel]: uid }
    const [[sandbox], containers] = await Promise.all([
      service.listPodSandboxes({ labelSelector }),
      service.listContainers({ labelSelector }),
    ])
    const graceSeconds = containers.map(({ annotations }) => Number(annotations[gracePeriodAnnotation] ?? 0))
    const pod = orphanPod(uid, sandbox?.labels ?? {}, Math.max(...graceSeconds, 0))
    log.info("ending a pod that the API does not have", {
      namespace: pod.metadata.namespace,
      pod: pod.metadata.name,
    })
    const worker = new PodWorker(
      createPodState(pod, runtime, this.#services.clock.now()),
      this.#services,
      this.#workerOptions,
    )
    this.#workers.set(uid, worker)
    this.#services.metrics.orphans.add(1)
    worker.handle({ kind: "podGone" })
  }

  /** What is on the machine of pods that have vanished from API and runtime alike. */
  async #removeLeftovers(known: ReadonlySet<string>): Promise<void> {
    const { host, log } = this.#services
    const found = await Promise.all([host.volumes.listPods(), host.cgroups.listPods(), host.files.listPods()])
    for (const uid of new Set(found.flat())) {
      if (known.has(uid)) continue
      try {
        await host.volumes.unmount(uid)
        await host.cgroups.remove(uid)
        await host.users?.release(uid)
        await host.files.remove(uid, { logs: true })
      } catch (error) {
        log.warn("remains of a pod not removed", { uid, error })
      }
    }
  }
}

function holdsPlace({ kind }: PodState["stage"]): boolean {
  return kind === "syncing" || kind === "terminating"
}

/** As much of a pod as a sandbox's labels tell. */
function orphanPod(
  uid: string,
  labels: Readonly<Record<string, string>>,
  terminationGracePeriodSeconds: number,
): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: labels[podNameLabel] ?? uid,
      namespace: labels[podNamespaceLabel] ?? "",
      uid,
      resourceVersion: "",
      creationTimestamp: "",
    },
    spec: { containers: [], restartPolicy: "Never", terminationGracePeriodSeconds },
    status: {},
  } as unknown as Pod
}

function sameRuntime(a: RuntimePod, b: RuntimePod): boolean {
  return sameItems(a.sandboxes, b.sandboxes) && sameItems(a.containers, b.containers)
}

function sameItems(
  a: readonly { id: string; ready?: boolean; state?: string }[],
  b: readonly { id: string; ready?: boolean; state?: string }[],
): boolean {
  return (
    a.length === b.length &&
    a.every((item, index) => {
      const other = b[index]!
      return item.id === other.id && item.ready === other.ready && item.state === other.state
    })
  )
}

/** Whoever it was about is not there any more, and nobody but the worker itself is left to be told of its end. */
function endsBecauseGone({ stage }: PodState): boolean {
  return stage.kind !== "syncing" && stage.kind !== "rejected" && stage.cause.kind === "gone"
}
