import { CSIDriver } from "../../../api/storage/v1/csi-driver.ts"
import type { Clock, Timer } from "../../../base/clock.ts"
import type { Logger } from "../../../base/log.ts"
import { onAbort } from "../../../base/on-abort.ts"
import type { NodeObjects } from "../../objects/node-objects.ts"

export interface AllocatableUpdatesOptions {
  readonly objects: Pick<NodeObjects, "find" | "follow">
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
  /** Asks the driver and tells its CSINode. */
  readonly refresh: (driver: string) => Promise<void>
}

/** Asks drivers again how many volumes the node can have, as often as their CSIDriver objects want it; by default never. */
export class AllocatableUpdates {
  readonly #options: AllocatableUpdatesOptions
  readonly #stops = new Map<string, () => void>()

  constructor(options: AllocatableUpdatesOptions) {
    this.#options = options
    onAbort(options.signal, () => {
      for (const name of this.#stops.keys()) this.stop(name)
    })
  }

  start(driver: string): void {
    const { objects, clock, log, signal } = this.#options
    this.stop(driver)
    if (signal.aborted) return
    let periodMs = 0
    let timer: Timer | undefined
    const schedule = () => {
      timer?.cancel()
      timer = periodMs > 0 ? clock.after(periodMs, () => void refresh()) : undefined
    }
    const refresh = async () => {
      await this.#refresh(driver)
      if (this.#stops.get(driver) === stop) schedule()
    }
    const look = async () => {
      const object = await objects.find(CSIDriver, { name: driver })
      const nextMs = (object?.spec.nodeAllocatableUpdatePeriodSeconds ?? 0) * 1000
      if (nextMs === periodMs || this.#stops.get(driver) !== stop) return
      periodMs = nextMs
      schedule()
    }
    const lookAgain = () =>
      void look().catch((error: unknown) => log.warn("CSIDriver not read", { driver, error }))
    const unfollow = objects.follow(CSIDriver, { name: driver }, lookAgain)
    const stop = () => {
      timer?.cancel()
      unfollow()
    }
    this.#stops.set(driver, stop)
    lookAgain()
  }

  stop(driver: string): void {
    const stop = this.#stops.get(driver)
    this.#stops.delete(driver)
    stop?.()
  }

  async #refresh(driver: string): Promise<void> {
    const { log, refresh } = this.#options
    await refresh(driver).catch((error: unknown) =>
      log.warn("limit of volumes not asked for", { driver, error }),
    )
  }
}
