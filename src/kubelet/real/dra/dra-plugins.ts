import { type Clock, sleep, type Timer } from "../../../base/clock.ts"
import { toOwnPath } from "../kubelet-paths.ts"
import type { KubeletMetrics } from "../../metrics/kubelet-metrics.ts"
import type { PluginHandler } from "../plugins/plugin-watcher.ts"
import type { PluginInfo } from "../plugins/registration-messages.ts"
import { services } from "./dra-messages.ts"
import type { DeviceHealth } from "./device-health.ts"
import { DraPlugin } from "./dra-plugin.ts"
import { healthService } from "./health-messages.ts"

export interface DraPluginsOptions {
  /** The kubelet's directory. */
  readonly root: string
  readonly clock: Clock
  readonly metrics: Pick<KubeletMetrics, "driverOperationDuration">
  readonly health: DeviceHealth
  /** A driver's devices are otherwise than they were. */
  readonly healthChanged: (driver: string) => void
  /** A driver has come: who waits for it need wait no longer. */
  readonly registered: () => void
  /** No plugin of the driver has been there for a while: what it offers is not to be had. */
  readonly lost: (driver: string) => void
}

interface Registered {
  readonly plugin: DraPlugin
  readonly stop: AbortController
  connected: boolean
}

/** So long a driver may be away, as it is while its pod is replaced. */
const graceMs = 30_000
const healthRetryMs = 5000

/** The plugins of drivers on this node. A driver may have two for a while: one comes before the other goes. */
export class DraPlugins implements PluginHandler {
  readonly #options: DraPluginsOptions
  /** By driver, in the order in which they came. */
  readonly #registered = new Map<string, readonly Registered[]>()
  readonly #graces = new Map<string, Timer>()

  constructor(options: DraPluginsOptions) {
    this.#options = options
  }

  /** The last one that came and is there. Throws, in upstream's words, when the driver has none. */
  get(driver: string): DraPlugin {
    const all = this.#registered.get(driver) ?? []
    const found = all.findLast(({ connected }) => connected) ?? all.at(-1)
    if (!found) throw new Error(`DRA driver ${driver} is not registered`)
    return found.plugin
  }

  validate({ name, endpoint, supportedVersions }: PluginInfo): void {
    try {
      chooseService(supportedVersions)
    } catch (error) {
      throw new Error(
        `invalid supported gRPC versions of DRA driver plugin ${name} at endpoint ${endpoint}: ${(error as Error).message}`,
        { cause: error },
      )
    }
  }

  async register({ name, endpoint, supportedVersions }: PluginInfo): Promise<void> {
    const { root, clock, metrics } = this.#options
    if (this.#registered.get(name)?.some(({ plugin }) => plugin.endpoint === endpoint))
      throw new Error(`endpoint ${endpoint} already registered for DRA driver plugin ${name}`)
    let connected = false
    const plugin = await DraPlugin.connect({
      driver: name,
      endpoint,
      socketPath: toOwnPath(root, endpoint),
      service: chooseService(supportedVersions),
      clock,
      metrics,
      changed: (now) => {
        connected = now
        const own = this.#registered.get(name)?.find((each) => each.plugin.endpoint === endpoint)
        if (own) own.connected = now
        this.#watchOver(name)
      },
    })
    const stop = new AbortController()
    this.#registered.set(name, [...(this.#registered.get(name) ?? []), { plugin, stop, connected }])
    if (supportedVersions.includes(healthService)) void this.#followHealth(name, plugin, stop.signal)
    this.#watchOver(name)
    this.#options.registered()
  }

  async unregister({ name, endpoint }: PluginInfo): Promise<void> {
    const all = this.#registered.get(name) ?? []
    for (const each of all) if (each.plugin.endpoint === endpoint) end(each)
    const left = all.filter(({ plugin }) => plugin.endpoint !== endpoint)
    if (left.length > 0) this.#registered.set(name, left)
    else this.#registered.delete(name)
    this.#watchOver(name)
  }

  async #followHealth(driver: string, plugin: DraPlugin, signal: AbortSignal): Promise<void> {
    const { health, healthChanged, clock } = this.#options
    while (!signal.aborted) {
      try {
        for await (const devices of plugin.health(signal))
          if (health.report(driver, devices)) healthChanged(driver)
      } catch {
        // It is away: what it told counts no more, and it is asked again.
      }
      health.forget(driver)
      healthChanged(driver)
      await sleep(clock, healthRetryMs, signal)
    }
  }

  /** Begins to count when a driver's last plugin is away, and ends it when one is back. */
  #watchOver(driver: string): void {
    const { clock, lost } = this.#options
    if (this.#registered.get(driver)?.some(({ connected }) => connected)) {
      this.#graces.get(driver)?.cancel()
      this.#graces.delete(driver)
    } else if (!this.#graces.has(driver)) {
      const giveUp = () => {
        this.#graces.delete(driver)
        lost(driver)
      }
      this.#graces.set(driver, clock.after(graceMs, giveUp))
    }
  }

  close(): void {
    for (const timer of this.#graces.values()) timer.cancel()
    this.#graces.clear()
    for (const each of [...this.#registered.values()].flat()) end(each)
    this.#registered.clear()
  }
}

function end({ plugin, stop }: Registered): void {
  stop.abort()
  plugin.close()
}

function chooseService(supported: readonly string[]): string {
  const known = Object.keys(services)
  if (supported.length === 0)
    throw new Error("empty list of supported gRPC services (aka supported versions)")
  const chosen = supported.find((service) => known.includes(service))
  if (chosen) return chosen
  throw new Error(
    `none of services supported by the plugin (${list(supported)}) are supported by the kubelet (${list(known)})`,
  )
}

function list(names: readonly string[]): string {
  return `[${names.map((name) => `"${name}"`).join(" ")}]`
}
