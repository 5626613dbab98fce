/** A Store behind etcd's own v3 API: what `etcdctl`, a backup tool or an upstream API server can talk to. */
import type { SecureServerOptions } from "node:http2"
import type { Clock } from "../../base/clock.ts"
import type { Maintainable } from "../mvcc/local-store.ts"
import type { Store } from "../store.ts"
import { createGrpcServer, unary } from "./grpc-server.ts"
import { type MakeHeader, kvService } from "./kv-service.ts"
import { Nothing } from "./kv-messages.ts"
import { leaseService } from "./lease-service.ts"
import { maintenanceService } from "./maintenance-service.ts"
import { HealthResponse } from "./health-messages.ts"
import { watchService } from "./watch-service.ts"

export interface EtcdServerOptions {
  readonly store: Store & Partial<Maintainable>
  readonly clock: Clock
  /** Certificate, key and, to ask clients for theirs, `ca`, `requestCert`, `rejectUnauthorized`. @default no encryption */
  readonly tls?: SecureServerOptions
  readonly name?: string
  readonly memberId?: bigint
  readonly clusterId?: bigint
  readonly progressIntervalMs?: number
}

export interface EtcdServer {
  /** Port 0 picks a free one. Resolves to the URL for clients. */
  listen(port: number, host: string): Promise<string>
  /** Ends every call. The store stays open. */
  close(): Promise<void>
}

export function createEtcdServer(options: EtcdServerOptions): EtcdServer {
  const { store, clock, tls, name = "coracle", memberId = 0xc04ac1en, clusterId = 0xc04ac1e5n } = options
  const { progressIntervalMs = 600_000 } = options
  const header: MakeHeader = (revision) => ({ clusterId, memberId, revision, raftTerm: 1 })
  const urls: string[] = []
  const identity = { memberId, clusterId, name, clientUrls: () => urls }
  const server = createGrpcServer({
    tls,
    methods: {
      ...kvService(store, header),
      ...watchService({ store, clock, header, progressIntervalMs }),
      ...leaseService(store, header),
      ...maintenanceService({ store, clock, identity, header }),
      "/grpc.health.v1.Health/Check": unary(Nothing, HealthResponse, async () => ({
        status: "SERVING" as const,
      })),
    },
  })
  return {
    listen: async (port, host) => {
      const bound = await server.listen(port, host)
      const url = `${tls === undefined ? "http" : "https"}://${host.includes(":") ? `[${host}]` : host}:${bound}`
      urls.push(url)
      return url
    },
    close: () => server.close(),
  }
}
