import type { Cell } from "../base/metrics.ts"
import type { Clock } from "../base/clock.ts"
import type { Plugin } from "./framework.ts"
import type { SchedulerMetrics } from "./metrics.ts"

/** Points at which plugins have a say, under upstream's names. */
export type ExtensionPoint =
  | "PreFilter"
  | "Filter"
  | "PostFilter"
  | "PreScore"
  | "Score"
  | "Reserve"
  | "PreBind"
  | "Bind"

export type ExtensionStatus = "Success" | "Error" | "Unschedulable" | "UnschedulableAndUnresolvable"

/** Measures what the plugins of one profile do. */
export class Probe {
  readonly #metrics: SchedulerMetrics
  readonly #clock: Pick<Clock, "monotonic">
  readonly #profile: string
  readonly #cells = new Map<Plugin, Partial<Record<ExtensionPoint, Cell>>>()

  constructor(metrics: SchedulerMetrics, clock: Pick<Clock, "monotonic">, profile: string) {
    this.#metrics = metrics
    this.#clock = clock
    this.#profile = profile
  }

  /** When something begins, for `took`. */
  begin(): number {
    return this.#clock.monotonic()
  }

  /** All plugins have had their say at this point. Gives when, for the next one. */
  took(point: ExtensionPoint, begunMs: number, status: ExtensionStatus = "Success"): number {
    const now = this.#clock.monotonic()
    this.#metrics.extensionPointDuration.observe((now - begunMs) / 1000, point, status, this.#profile)
    return now
  }

  /** Who was asked, so many times. */
  asked(plugin: Plugin, point: ExtensionPoint, times = 1): void {
    let cells = this.#cells.get(plugin)
    if (!cells) this.#cells.set(plugin, (cells = {}))
    cells[point] ??= this.#metrics.pluginEvaluations.at(plugin.name, point, this.#profile)
    cells[point].value += times
  }
}
