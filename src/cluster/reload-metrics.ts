import { createHash } from "node:crypto"
import type { Clock } from "../base/clock.ts"
import { Counter, type Metric } from "../base/metrics.ts"

type Configured = "authentication" | "authorization" | "encryption"

const helps: Readonly<Record<Configured, readonly [total: string, last: string]>> = {
  authentication: [
    "[BETA] Total number of automatic reloads of authentication configuration split by status and apiserver identity.",
    "[BETA] Timestamp of the last automatic reload of authentication configuration split by status and apiserver identity.",
  ],
  authorization: [
    "[BETA] Total number of automatic reloads of authorization configuration split by status and apiserver identity.",
    "[BETA] Timestamp of the last automatic reload of authorization configuration split by status and apiserver identity.",
  ],
  encryption: [
    "[ALPHA] Total number of reload successes and failures of encryption configuration split by apiserver identity.",
    "[ALPHA] Timestamp of the last successful or failed automatic reload of encryption configuration split by apiserver identity.",
  ],
}

/** How the files fare that the API server reads again when they change, under upstream's names. */
export class ReloadMetrics {
  readonly #clock: Clock
  readonly #server: string
  readonly #metrics: Metric[] = []

  /** @param server tells apart the API servers of one cluster; only its hash is shown */
  constructor(clock: Clock, server: string) {
    this.#clock = clock
    this.#server = `sha256:${createHash("sha256").update(server).digest("hex")}`
  }

  get metrics(): readonly Metric[] {
    return this.#metrics
  }

  /** Tells of one file; to be called whenever it was read again. */
  of(what: Configured): (isGood: boolean) => void {
    const prefix = `apiserver_${what}_config_controller_automatic_reload`
    const labels = ["status", "apiserver_id_hash"]
    const [total, last] = helps[what]
    const count = new Counter({ name: `${prefix}s_total`, help: total, labels })
    const time = new Counter({ name: `${prefix}_last_timestamp_seconds`, help: last, labels }, "gauge")
    this.#metrics.push(count, time)
    return (isGood) => {
      const status = isGood ? "success" : "failure"
      count.add(1, status, this.#server)
      time.set(this.#clock.now() / 1000, status, this.#server)
    }
  }
}
