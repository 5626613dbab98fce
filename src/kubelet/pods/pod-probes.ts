import { Buckets, usualSeconds } from "../../base/metrics.ts"
import type { Prober } from "../node-host.ts"
import { findPodContainer, type PodContainer } from "./pod-containers.ts"
import type { PodState, ProbeResult, ProbeType } from "./pod-state.ts"
import { probeOf } from "../probes/periodic-prober.ts"
import { podIpsOf } from "./pod-addresses.ts"
import { type RuntimeContainer, runningContainers } from "./runtime-pod.ts"

export interface ProbeReports {
  result(containerId: string, probe: ProbeType, result: ProbeResult): void
  unhealthy(container: string, message: string): void
  warned(container: string, message: string): void
}

export interface ProbeCount {
  readonly container: string
  readonly type: ProbeType
  readonly outcome: "success" | "failure" | "unknown"
  count: number
}

export interface ProbeTimes {
  readonly container: string
  readonly type: ProbeType
  readonly took: Buckets
}

/** Keeps the probes of a pod in step with its state: those that should run, run. */
export class PodProbes {
  readonly #prober: Prober
  readonly #reports: ProbeReports
  readonly #running = new Map<string, () => void>()
  readonly #counts = new Map<string, ProbeCount>()
  readonly #times = new Map<string, ProbeTimes>()

  constructor(prober: Prober, reports: ProbeReports) {
    this.#prober = prober
    this.#reports = reports
  }

  follow(state: PodState): void {
    const wanted = wantedProbes(state)
    if (wanted.length === 0 && this.#running.size === 0) return
    const keys = new Set(wanted.map(({ key }) => key))
    for (const [key, stop] of this.#running) {
      if (keys.has(key)) continue
      stop()
      this.#running.delete(key)
    }
    for (const probe of wanted) if (!this.#running.has(probe.key)) this.#start(state, probe)
  }

  /** How often each was tried, since this pod was first seen. */
  get counts(): Iterable<ProbeCount> {
    return this.#counts.values()
  }

  /** How long they took to be answered. */
  get times(): Iterable<ProbeTimes> {
    return this.#times.values()
  }

  #timesOf(container: string, type: ProbeType): Buckets {
    const key = `${container} ${type}`
    let known = this.#times.get(key)
    if (!known) this.#times.set(key, (known = { container, type, took: new Buckets(usualSeconds) }))
    return known.took
  }

  #count(container: string, type: ProbeType, outcome: ProbeCount["outcome"]): void {
    const key = `${container} ${type} ${outcome}`
    const known = this.#counts.get(key)
    if (known) known.count++
    else this.#counts.set(key, { container, type, outcome, count: 1 })
  }

  close(): void {
    for (const stop of this.#running.values()) stop()
    this.#running.clear()
  }

  #start({ pod, runtime, probes }: PodState, { key, type, container, running }: WantedProbe): void {
    const known = probes[running.id]?.[type]
    const hostIps = (pod.status.hostIPs ?? []).map(({ ip }) => ip)
    const stop = this.#prober.start(
      {
        pod,
        container: container.spec,
        containerId: running.id,
        type,
        startedAtMs: running.startedAtMs,
        podIp: podIpsOf({ pod, runtime }, hostIps)[0] ?? hostIps[0] ?? "127.0.0.1",
        ...(known && { known }),
      },
      {
        result: (result) => this.#reports.result(running.id, type, result),
        unhealthy: (message) => this.#reports.unhealthy(running.name, message),
        warned: (message) => this.#reports.warned(running.name, message),
        tried: (outcome, tookMs) => {
          this.#count(running.name, type, outcome)
          this.#timesOf(running.name, type).observe(tookMs / 1000)
        },
      },
    )
    this.#running.set(key, stop)
  }
}

interface WantedProbe {
  readonly key: string
  readonly type: ProbeType
  readonly container: PodContainer
  readonly running: RuntimeContainer
}

/**
 * A container's startup probe first, alone; when it has succeeded, liveness and readiness. Of a pod that ends, readiness
 * goes on being asked (its Services want to know), and nothing is killed for not being alive.
 */
function wantedProbes(state: PodState): WantedProbe[] {
  const { pod, stage, probes, containers, runtime } = state
  if (stage.kind !== "syncing" && stage.kind !== "terminating") return []
  return runningContainers(runtime).flatMap((running) => {
    const container = findPodContainer(pod, running.name)
    if (!container || container.role === "init" || container.role === "ephemeral") return []
    const isStopping = containers[running.name]?.kind === "stopping"
    const started = !container.spec.startupProbe || probes[running.id]?.startup?.success === true
    const types: ProbeType[] = started ? ["readiness"] : []
    if (stage.kind === "syncing" && !isStopping) types.push(started ? "liveness" : "startup")
    return types
      .filter((type) => probeOf({ container: container.spec, type }) !== undefined)
      .map((type) => ({ key: `${running.id}/${type}`, type, container, running }))
  })
}
