import type { Node } from "../../src/api/core/v1/node.ts"
import type { Pod } from "../../src/api/core/v1/pod.ts"
import type { Draft } from "../../src/apimachinery/meta.ts"
import { integer, type Random } from "../../src/base/random.ts"
import { failuresAnnotation } from "../operations/perform.ts"

export interface RunningPod {
  readonly pod: Pod
  readonly ip: string
  readonly startedAt: number
  readonly readyAt: number
  /** When it ends by itself, and how; undefined: it runs for ever. */
  readonly ends?: { readonly at: number; readonly exitCode: number }
  /** When it was ended. */
  stoppedAt?: number
}

export type PodState = "starting" | "ready" | "succeeded" | "failed"

/** Told of what really runs where. */
export interface MachineObserver {
  started(machine: string, pod: Pod): void
  stopped(machine: string, pod: Pod): void
}

/** Each pod asks for 200m of cpu. */
export const podsPerNode = 10

const resources = { cpu: `${podsPerNode * 200}m`, memory: "4Gi", pods: "20" }

/** The machine under a kubelet: what runs there runs whether anybody looks or not. */
export class Machine {
  readonly name: string
  registered = false
  podCidr = ""
  readonly #random: Random
  readonly #observer: MachineObserver
  readonly #pods = new Map<string, RunningPod>()
  /** How many pods of each Job have failed so far, on all machines. */
  readonly #failures: Map<string, number>
  #lastAddress = 1

  constructor(name: string, random: Random, observer: MachineObserver, failures: Map<string, number>) {
    this.name = name
    this.#random = random
    this.#observer = observer
    this.#failures = failures
  }

  node(now: string): Draft<Node> {
    const condition = {
      type: "Ready",
      status: "True",
      reason: "KubeletReady",
      message: "",
      lastHeartbeatTime: now,
    }
    return {
      metadata: { name: this.name, labels: { "kubernetes.io/hostname": this.name } },
      status: {
        capacity: resources,
        allocatable: resources,
        conditions: [{ ...condition, lastTransitionTime: now }],
      },
    }
  }

  start(pod: Pod, now: number): void {
    const random = this.#random
    const startedAt = now
    const readyAt = now + 200 + integer(random, 3000)
    const job = pod.metadata.labels?.["batch.kubernetes.io/job-name"]
    const ends = job
      ? { at: readyAt + integer(random, 6000), exitCode: this.#exitCodeOf(job, pod) }
      : undefined
    this.#pods.set(pod.metadata.uid, { pod, ip: this.#address(), startedAt, readyAt, ...(ends && { ends }) })
    this.#observer.started(this.name, pod)
  }

  /** It ran, and nobody knows how it ended. */
  lose(pod: Pod): void {
    const ip = pod.status.podIP ?? this.#address()
    this.#pods.set(pod.metadata.uid, { pod, ip, startedAt: 0, readyAt: 0, stoppedAt: 0 })
  }

  /** Its containers end now, if they run. */
  stop(uid: string, now?: number): void {
    const running = this.#pods.get(uid)
    if (!running || running.stoppedAt !== undefined) return
    running.stoppedAt = now ?? Number.NaN
    this.#observer.stopped(this.name, running.pod)
  }

  /** Everything that ran is gone, and so is what was known of it. */
  reboot(): void {
    for (const uid of this.#pods.keys()) this.stop(uid)
    this.#pods.clear()
  }

  find(uid: string): RunningPod | undefined {
    return this.#pods.get(uid)
  }

  isRunning(uid: string): boolean {
    const running = this.#pods.get(uid)
    return running !== undefined && running.stoppedAt === undefined
  }

  running(): RunningPod[] {
    return Array.from(this.#pods.values()).filter(({ stoppedAt }) => stoppedAt === undefined)
  }

  stateOf({ readyAt, ends, stoppedAt }: RunningPod, now: number): PodState {
    if (ends && now >= ends.at) return ends.exitCode === 0 ? "succeeded" : "failed"
    if (stoppedAt !== undefined) return "failed"
    return now >= readyAt ? "ready" : "starting"
  }

  changesInMs({ readyAt, ends, stoppedAt }: RunningPod, now: number): number | undefined {
    if (stoppedAt !== undefined) return undefined
    const next = [readyAt, ...(ends ? [ends.at] : [])].find((at) => at > now)
    return next === undefined ? undefined : next - now
  }

  #exitCodeOf(job: string, pod: Pod): number {
    const wanted = Number(pod.metadata.annotations?.[failuresAnnotation] ?? 0)
    const failed = this.#failures.get(job) ?? 0
    if (failed >= wanted) return 0
    this.#failures.set(job, failed + 1)
    return 1
  }

  /** From the range that the node was given. */
  #address(): string {
    const base = this.podCidr.split("/")[0]!.split(".").slice(0, 3).join(".")
    this.#lastAddress = (this.#lastAddress % 250) + 1
    return `${base}.${this.#lastAddress}`
  }
}
