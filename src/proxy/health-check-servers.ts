import { createServer, type Server } from "node:http"
import type { Logger } from "../base/log.ts"

/** What a load balancer outside is told about a Service with external traffic policy "Local". */
export interface HealthCheck {
  readonly namespace: string
  readonly name: string
  readonly port: number
  readonly localEndpoints: number
}

/**
 * The node's answers on Services' healthCheckNodePort: 200 while it has endpoints of its own, else 503
 * (https://kubernetes.io/docs/tasks/access-application-cluster/create-external-load-balancer).
 */
export class HealthCheckServers {
  readonly #log: Logger
  readonly #isProxyHealthy: () => boolean
  readonly #checks = new Map<string, { check: HealthCheck; server: Server }>()

  constructor(log: Logger, isProxyHealthy: () => boolean) {
    this.#log = log
    this.#isProxyHealthy = isProxyHealthy
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
      const isHealthy = this.#isProxyHealthy()
      response.writeHead(current.localEndpoints > 0 && isHealthy ? 200 : 503, {
        "content-type": "application/json",
        "x-content-type-options": "nosniff",
        "x-load-balancing-endpoint-weight": String(current.localEndpoints),
      })
      return response.end(describe(current, isHealthy))
    })
    server.on("error", (error) =>
      this.#log.error("cannot serve the health check of a Service", {
        service: owner,
        port: check.port,
        error,
      }),
    )
    server.listen(check.port)
    server.unref()
    this.#checks.set(owner, { check, server })
  }
}

function describe({ namespace, name, localEndpoints }: HealthCheck, serviceProxyHealthy: boolean): string {
  return JSON.stringify(
    { service: { namespace, name }, localEndpoints, serviceProxyHealthy },
    undefined,
    "\t",
  )
}
