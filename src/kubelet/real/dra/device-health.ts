import type { ResourceHealth } from "../../../api/core/v1/container-status.ts"
import type { Clock } from "../../../base/clock.ts"
import type { PreparedDevice } from "../../dra/plan-claims.ts"
import type { ReportedHealth } from "./health-messages.ts"

interface Known {
  readonly health: string
  readonly message: string
  readonly untilMs: number
}

/** So long a report counts where the driver says nothing else. */
const defaultTimeoutMs = 30_000
const maxMessageLength = 1024
const words = { UNKNOWN: "Unknown", HEALTHY: "Healthy", UNHEALTHY: "Unhealthy" } as const

/** How devices are, as their drivers tell from time to time. */
export class DeviceHealth {
  readonly #clock: Clock
  /** By driver, by pool and device. */
  readonly #known = new Map<string, Map<string, Known>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Notes a report; whether anything is otherwise than before. */
  report(driver: string, devices: readonly ReportedHealth[]): boolean {
    const known = this.#known.get(driver) ?? new Map<string, Known>()
    this.#known.set(driver, known)
    let changed = false
    for (const { device, health, healthCheckTimeoutSeconds, message } of devices) {
      const key = `${device?.poolName}/${device?.deviceName}`
      const timeoutMs = healthCheckTimeoutSeconds > 0 ? healthCheckTimeoutSeconds * 1000 : defaultTimeoutMs
      const now = { health: words[health], message: cut(message), untilMs: this.#clock.now() + timeoutMs }
      const before = known.get(key)
      changed ||= before?.health !== now.health || before.message !== now.message
      known.set(key, now)
    }
    return changed
  }

  /** The driver tells no more. */
  forget(driver: string): void {
    this.#known.delete(driver)
  }

  /** As a container's status shows it; what was told too long ago is unknown. */
  of(driver: string, { poolName, deviceName, cdiDeviceIds }: PreparedDevice): ResourceHealth {
    const found = this.#known.get(driver)?.get(`${poolName}/${deviceName}`)
    const { health, message } =
      found && this.#clock.now() <= found.untilMs ? found : { health: words.UNKNOWN, message: "" }
    const resourceID = cdiDeviceIds[0] ?? `${driver}/${poolName}/${deviceName}`
    return { resourceID, health, ...(message && { message }) }
  }
}

function cut(message: string): string {
  return message.length <= maxMessageLength ? message : `${message.slice(0, maxMessageLength - 3)}...`
}
