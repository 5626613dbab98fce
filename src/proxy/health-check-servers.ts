import { createServer, type Server } from "node:http"
import type { Logger } from "../base/log.ts"
import type { EventSeriesRecorder } from "../client/event-series-recorder.ts"

/** What a load balancer outside is told about a Service with external traffic policy "Local". */
export interface HealthCheck {
  readonly namespace: string
  readonly name: string
  readonly port: number
  readonly localEndpoints: number
}

export interface HealthCheckOptions {
  readonly nodeName: string
  readonly isProxyHealthy: () => boolean
  readonly events?: EventSeriesRecorder
  readonly log: Logger
}

/**
 * The node's answers on Services' healthCheckNodePort: 200 while it has endpoints of its own, else 503
 * (https://kubernetes.io/docs/tasks/access-application-cluster/create-external-load-balancer).
 */
export class HealthCheckServers {
  readonly #options: HealthCheckOptions
  readonly #checks = new Map<string, { check: HealthCheck; server: Server }>()

  constructor(options: HealthCheckOptions) {
    this.#options = options
  }

  /** Serves exactly this check for the Service, or none. */
  update(owner: string, check: HealthCheck | undefined): void {
    const known = this.#checks.get(owner)
    if (known && known.check.port === check?.port) {
      known.check = check
      return
    }
    known?.server.close()
    known?.server.closeAllConnections()
    this.#checks.delete(owner)
    if (check) this.#listen(owner, check)
  }

  close(): void {
    for (const owner of this.#checks.keys()) this.update(owner, undefined)
  }

  #listen(owner: string, check: HealthCheck): void {
    const server = createServer((_request, response) => {
      const current = this.#checks.get(owner)?.check
      if (!current) return response.writeHead(503).end()
      const isHealthy = this.#options.isProxyHealthy()
      response.writeHead(current.localEndpoints > 0 && isHealthy ? 200 : 503, {
        "content-type": "application/json",
        "x-content-type-options": "nosniff",
        "x-load-balancing-endpoint-weight": String(current.localEndpoints),
      })
      return response.end(describe(current, isHealthy))
    })
    server.on("error", (error) => this.#tell(owner, check, error))
    server.listen(check.port)
    server.unref()
    this.#checks.set(owner, { check, server })
  }

  #tell(owner: string, { namespace, name, port }: HealthCheck, error: Error): void {
    const { log, events, nodeName } = this.#options
    log.error("cannot serve the health check of a Service", { service: owner, port, error })
    // So that it is tried again when something of the Service changes.
    if (this.#checks.get(owner)?.check.port === port) this.#checks.delete(owner)
    events?.record({
      regarding: { kind: "Service", namespace, name, uid: owner },
      type: "Warning",
      reason: "FailedToStartServiceHealthcheck",
      action: "Listen",
      note: `node ${nodeName} failed to start healthcheck "${owner}" on port ${port}: ${wordsOf(error, port)}`,
    })
  }
}

/** As upstream names an error of Go's: the address, then what the system said. */
function wordsOf(error: Error, port: number): string {
  const { code } = error as NodeJS.ErrnoException
  return code === "EADDRINUSE" ? `listen tcp :${port}: bind: address already in use` : error.message
}

function describe({ namespace, name, localEndpoints }: HealthCheck, serviceProxyHealthy: boolean): string {
  return JSON.stringify(
    { service: { namespace, name }, localEndpoints, serviceProxyHealthy },
    undefined,
    "\t",
  )
}
