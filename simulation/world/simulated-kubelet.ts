import { type Clock, sleep } from "../../src/base/clock.ts"
import type { Logger } from "../../src/base/log.ts"
import { integer, type Random } from "../../src/base/random.ts"
import { Lease } from "../../src/api/coordination/v1/lease.ts"
import { Node } from "../../src/api/core/v1/node.ts"
import { Pod } from "../../src/api/core/v1/pod.ts"
import { keyOf } from "../../src/apimachinery/meta.ts"
import { isStatusError } from "../../src/apimachinery/status-error.ts"
import { formatMicroTime, formatTime } from "../../src/apimachinery/time.ts"
import type { Client } from "../../src/client/client.ts"
import { createInformers, type Informers } from "../../src/client/informers.ts"
import type { Machine, RunningPod } from "./machine.ts"
import { statusOf } from "./pod-status.ts"

export interface SimulatedKubeletOptions {
  readonly machine: Machine
  readonly client: Client
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

const leaseEveryMs = 10_000
const retryMs = 1000

/**
 * What a kubelet promises to the rest of the cluster, and nothing more: the node shows that it lives, pods that are bound to
 * it run and say so, pods that are to go are ended and then removed. What really runs is on the machine, and stays there
 * while its kubelet is away.
 */
export class SimulatedKubelet {
  readonly #options: SimulatedKubeletOptions
  readonly #stop = new AbortController()
  readonly #informers: Informers
  /** Pods that somebody of here is busy with, by uid. */
  readonly #busy = new Set<string>()
  readonly #changed = new Set<string>()

  constructor(options: SimulatedKubeletOptions) {
    const { client, clock, random, log, machine } = options
    this.#options = options
    const fieldSelector = `spec.nodeName=${machine.name}`
    this.#informers = createInformers({ client, clock, random, log, scope: () => ({ fieldSelector }) })
    this.#informers.onChange(Pod, (pod, previous) => {
      if (pod) this.#look(pod)
      else if (previous) machine.stop(previous.metadata.uid)
    })
  }

  run(): void {
    this.#informers.start(this.#stop.signal)
    void this.#showLife()
    void this.#informers.for(Pod).synced.then(() => this.#forgetGone())
  }

  stop(): void {
    this.#stop.abort()
  }

  /** Containers whose pod is gone, or is another one by now, were ended by nobody while the kubelet was away. */
  #forgetGone(): void {
    const { machine } = this.#options
    for (const { pod } of machine.running()) {
      const current = this.#informers.cache.find(Pod, keyOf(pod))
      if (current?.metadata.uid !== pod.metadata.uid) machine.stop(pod.metadata.uid)
    }
  }

  async #showLife(): Promise<void> {
    const { clock, machine } = this.#options
    const { signal } = this.#stop
    while (!signal.aborted) {
      const ok = await this.#renew().then(
        () => true,
        () => false,
      )
      if (ok) machine.registered = true
      await sleep(clock, ok ? leaseEveryMs : retryMs, signal)
    }
  }

  async #renew(): Promise<void> {
    const { client, clock, machine } = this.#options
    const { name } = machine
    const now = formatTime(clock.now())
    if (!machine.registered) {
      await client.create(Node, machine.node(now)).catch(ignoreExists)
      const key = { namespace: "kube-node-lease", name }
      const spec = { holderIdentity: name, leaseDurationSeconds: 40, renewTime: formatMicroTime(clock.now()) }
      await client.create(Lease, { metadata: key, spec }).catch(ignoreExists)
    }
    const node = await client.get(Node, { name })
    // Only what changes is told, but a node that was given up must say that it is back.
    const ready = node.status.conditions?.find(({ type }) => type === "Ready")
    if (ready?.status !== "True") {
      const body = { status: machine.node(now).status }
      await client.patch(Node, { name }, { type: "strategic", body }, { subresource: "status" })
    }
    const body = { spec: { renewTime: formatMicroTime(clock.now()) } }
    await client.patch(Lease, { namespace: "kube-node-lease", name }, { type: "merge", body })
    machine.podCidr = node.spec.podCIDR ?? machine.podCidr
  }

  /** Each pod is seen to by one loop at a time, which looks again until there is nothing left to do. */
  #look(pod: Pod): void {
    const { uid } = pod.metadata
    this.#changed.add(uid)
    if (this.#busy.has(uid)) return
    this.#busy.add(uid)
    void this.#care(pod).finally(() => this.#busy.delete(uid))
  }

  async #care(first: Pod): Promise<void> {
    const { clock } = this.#options
    const { signal } = this.#stop
    while (!signal.aborted) {
      const pod = this.#informers.cache.find(Pod, keyOf(first))
      if (pod?.metadata.uid !== first.metadata.uid) return this.#options.machine.stop(first.metadata.uid)
      this.#changed.delete(pod.metadata.uid)
      const waitMs = await this.#step(pod).catch(() => retryMs)
      // It may have changed while it was seen to.
      if (waitMs === undefined && this.#changed.has(pod.metadata.uid)) continue
      if (waitMs === undefined) return
      await sleep(clock, waitMs, signal)
    }
  }

  /** The next thing to do for a pod; gives when to look again, undefined when only a change is worth a look. */
  async #step(pod: Pod): Promise<number | undefined> {
    const { machine, clock, random } = this.#options
    const isOver = pod.status.phase === "Succeeded" || pod.status.phase === "Failed"
    if (pod.metadata.deletionTimestamp) return this.#end(pod)
    if (isOver) return undefined
    if (!machine.podCidr) return retryMs
    const known = machine.find(pod.metadata.uid)
    if (!known) {
      await sleep(clock, 100 + integer(random, 1500), this.#stop.signal)
      if (this.#stop.signal.aborted) return undefined
      // It may have been told to go meanwhile.
      const current = this.#informers.cache.find(Pod, keyOf(pod))
      if (current?.metadata.uid !== pod.metadata.uid || current.metadata.deletionTimestamp) return 0
      // It ran before the machine was started again, and may run only once.
      if (pod.spec.restartPolicy === "Never" && pod.status.phase === "Running") machine.lose(pod)
      else machine.start(pod, clock.monotonic())
      return 0
    }
    await this.#report(pod, known)
    const changesInMs = machine.changesInMs(known, clock.monotonic())
    return changesInMs
  }

  async #report(pod: Pod, running: RunningPod): Promise<void> {
    const { client, clock, machine } = this.#options
    const status = statusOf(pod, running, machine.stateOf(running, clock.monotonic()), clock.now())
    if (!status) return
    const body = { metadata: { uid: pod.metadata.uid }, status }
    try {
      await client.patch(Pod, keyOf(pod), { type: "strategic", body }, { subresource: "status" })
    } catch (error) {
      if (!isStatusError(error, "NotFound")) throw error
    }
  }

  async #end(pod: Pod): Promise<number | undefined> {
    const { client, clock, random, machine } = this.#options
    if (machine.isRunning(pod.metadata.uid)) {
      await sleep(clock, integer(random, 3000), this.#stop.signal)
      if (this.#stop.signal.aborted) return undefined
      machine.stop(pod.metadata.uid)
      // How it ended is told before it is removed: a Job counts it.
      const ended = machine.find(pod.metadata.uid)
      if (ended) await this.#report(pod, ended)
    }
    const preconditions = { uid: pod.metadata.uid }
    await client.delete(Pod, keyOf(pod), { gracePeriodSeconds: 0, preconditions }).catch((error: unknown) => {
      if (!isStatusError(error, "NotFound", "Conflict")) throw error
    })
    // Finalizers may keep the object; then there is nothing more to do here.
    return undefined
  }
}

function ignoreExists(error: unknown): void {
  if (!isStatusError(error, "AlreadyExists")) throw error
}
