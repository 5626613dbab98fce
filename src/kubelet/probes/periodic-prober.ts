import type { Clock, Timer } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import type { Probe } from "../../api/core/v1/probe.ts"
import type { Prober, ProbeReport, ProbeTarget } from "../node-host.ts"
import type { ProbeType } from "../pods/pod-state.ts"
import {
  countProbe,
  isProbeOver,
  newProbeCounter,
  type ProbeCounter,
  type ProbeOutcome,
} from "./probe-counter.ts"

export interface PeriodicProberOptions {
  readonly clock: Clock
  readonly log: Logger
  /** One try, within the probe's timeout. Never rejects. */
  readonly tryProbe: (target: ProbeTarget, probe: Probe) => Promise<ProbeOutcome>
}

/**
 * Probes by the clock: first `initialDelaySeconds` after the container's start, then every `periodSeconds`. A program that
 * does not listen yet right after its start is asked again within fractions of a second, without being counted: a refused
 * connection costs nothing, and a container that is ready should be known to be.
 */
export class PeriodicProber implements Prober {
  readonly #options: PeriodicProberOptions

  constructor(options: PeriodicProberOptions) {
    this.#options = options
  }

  start(target: ProbeTarget, report: ProbeReport): () => void {
    const probe = probeOf(target)
    if (!probe) throw new Error(`container ${target.container.name} has no ${target.type} probe`)
    const run = new ProbeRun(this.#options, target, probe, report)
    run.schedule()
    return () => run.stop()
  }
}

export function probeOf({ container, type }: Pick<ProbeTarget, "container" | "type">): Probe | undefined {
  if (type === "liveness") return container.livenessProbe
  return type === "readiness" ? container.readinessProbe : container.startupProbe
}

const impatientMs = [50, 100, 200, 400, 800, 1600]

class ProbeRun {
  readonly #options: PeriodicProberOptions
  readonly #target: ProbeTarget
  readonly #probe: Probe
  readonly #report: ProbeReport
  #counter: ProbeCounter
  #timer: Timer | undefined
  #tries = 0
  #stopped = false

  constructor(options: PeriodicProberOptions, target: ProbeTarget, probe: Probe, report: ProbeReport) {
    this.#options = options
    this.#target = target
    this.#probe = probe
    this.#report = report
    this.#counter = target.known
      ? { inARow: 1, last: target.known.success, result: target.known.success }
      : newProbeCounter
  }

  schedule(): void {
    const { clock } = this.#options
    const firstMs = this.#target.startedAtMs + (this.#probe.initialDelaySeconds ?? 0) * 1000
    this.#after(Math.max(firstMs - clock.now(), 0))
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  get #periodMs(): number {
    return (this.#probe.periodSeconds ?? 10) * 1000
  }

  #after(delayMs: number): void {
    this.#timer = this.#options.clock.after(delayMs, () => {
      this.#try().catch((error: unknown) => {
        // A mistake of ours; what is probed must not go unwatched for it.
        this.#options.log.error("probe failed to run", { error })
        if (!this.#stopped) this.#after(this.#periodMs)
      })
    })
  }

  async #try(): Promise<void> {
    const beganMs = this.#options.clock.monotonic()
    const outcome = await this.#options.tryProbe(this.#target, this.#probe)
    const tookMs = this.#options.clock.monotonic() - beganMs
    if (this.#stopped) return
    const impatience = impatientMs[this.#tries++]
    const mayBeStarting =
      outcome.refused && this.#counter.last === undefined && this.#target.type !== "liveness"
    if (mayBeStarting && impatience !== undefined && impatience < this.#periodMs)
      return this.#after(impatience)
    this.#report.tried?.(outcome.kind, tookMs)
    this.#take(outcome)
    if (!isProbeOver(this.#target.type, this.#counter)) this.#after(this.#periodMs)
  }

  #take({ kind, message, isWarning }: ProbeOutcome): void {
    const name = probeNames[this.#target.type]
    if (kind === "unknown")
      return this.#report.unhealthy(`${name} probe errored and resulted in unknown state: ${message}`)
    const before = this.#counter.result
    this.#counter = countProbe(this.#counter, kind === "success", this.#probe)
    if (kind === "failure") this.#report.unhealthy(`${name} probe failed: ${message}`)
    if (isWarning) this.#report.warned?.(`${name} probe warning: ${message}`)
    const { result } = this.#counter
    if (result !== undefined && result !== before) this.#report.result({ success: result, message })
  }
}

const probeNames: Readonly<Record<ProbeType, string>> = {
  liveness: "Liveness",
  readiness: "Readiness",
  startup: "Startup",
}
