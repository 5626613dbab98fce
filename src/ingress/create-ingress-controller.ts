import { orAborted } from "../base/on-abort.ts"
import type { Clock } from "../base/clock.ts"
import { ipFamily } from "../base/ip-address.ts"
import type { Logger } from "../base/log.ts"
import type { Random } from "../base/random.ts"
import { SyncLoop } from "../base/sync-loop.ts"
import type { Resource } from "../apimachinery/resource.ts"
import { ignoreConflict, ignoreNotFound } from "../apimachinery/status-error.ts"
import { Secret } from "../api/core/v1/secret.ts"
import { Service } from "../api/core/v1/service.ts"
import { EndpointSlice } from "../api/discovery/v1/endpoint-slice.ts"
import { Ingress } from "../api/networking/v1/ingress.ts"
import { IngressClass } from "../api/networking/v1/ingress-class.ts"
import type { Client } from "../client/client.ts"
import type { Informers } from "../client/informers.ts"
import { findEndpoints } from "./routing/find-endpoints.ts"
import { findBackend, planRoutes, type RoutingTable } from "./routing/routing-table.ts"
import { servedIngresses } from "./routing/served-ingresses.ts"
import { CertificateStore } from "./serving/certificates.ts"
import { type Destination, ReverseProxy } from "./serving/reverse-proxy.ts"
import { type IngressServers, startServers } from "./serving/servers.ts"

/** Serves what Ingresses describe: HTTP and HTTPS from outside, routed by host and path. */
export interface IngressController {
  /** Begins to listen. Rejects when a port is taken. */
  listen(): Promise<{ httpPort: number; httpsPort: number }>
  /** Follows the cluster until `signal` aborts, then stops listening. */
  run(signal: AbortSignal): Promise<void>
  readonly ready: Promise<void>
  settled(): Promise<void>
}

export interface IngressControllerOptions {
  readonly informers: Informers
  readonly client: Client
  /** @default "0.0.0.0" */
  readonly address?: string
  /** @default 80 */
  readonly httpPort?: number
  /** @default 443 */
  readonly httpsPort?: number
  /** Where clients find us; written into the Ingresses' status. */
  readonly publicAddresses: readonly string[]
  /** Controllers on other machines serve the same Ingresses: their addresses stay beside ours. @default false */
  readonly isShared?: boolean
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

const byService = "ingress/service"

export function createIngressController(options: IngressControllerOptions): IngressController {
  const { informers, clock, random, log, address = "0.0.0.0", httpPort = 80, httpsPort = 443 } = options
  const { cache } = informers
  const certificates = new CertificateStore({ clock, random, log })
  let routes: RoutingTable = planRoutes([])
  let servers: IngressServers | undefined

  /** Services and endpoints are looked up for each request: they are always as fresh as the informers. */
  function findDestination(host: string, path: string): Destination {
    const backend = findBackend(routes, host, path)
    if (!backend) return { to: "nowhere", code: 404, text: "404 page not found" }
    const { namespace, service: name, port } = backend
    const service = cache.find(Service, { namespace, name })
    const slices = cache.byIndex(EndpointSlice, byService, `${namespace}/${name}`)
    const endpoints = service && findEndpoints(service, slices, port)
    if (!endpoints?.length) return { to: "nowhere", code: 503, text: "503 no endpoint is available" }
    return { to: "endpoints", endpoints }
  }

  const proxy = new ReverseProxy({ findDestination, random, log })

  const loop = new SyncLoop({
    clock,
    log,
    async sync() {
      const served = servedIngresses(cache.list(Ingress), cache.list(IngressClass))
      routes = planRoutes(served)
      const findSecret = (namespace: string, name: string) => cache.find(Secret, { namespace, name })
      certificates.update({ ingresses: served, findSecret })
      await Promise.all(served.map((ingress) => publishAddress(options, ingress)))
    },
  })

  function watch(): () => void {
    informers.addIndex(EndpointSlice, byService, ({ metadata }) => {
      const name = metadata.labels?.["kubernetes.io/service-name"]
      return name ? [`${metadata.namespace}/${name}`] : []
    })
    const trigger = () => loop.trigger()
    const stops = [
      informers.onChange(Ingress, trigger),
      informers.onChange(IngressClass, trigger),
      informers.onChange(Secret, (current, previous) => {
        if ((current ?? previous)?.type === "kubernetes.io/tls") trigger()
      }),
    ]
    return () => stops.forEach((stop) => stop())
  }

  return {
    get ready() {
      return loop.ready
    },
    settled: () => loop.settled(),
    async listen() {
      servers = await startServers({ address, httpPort, httpsPort, proxy, certificates })
      log.info("ingress listens", { address, httpPort: servers.httpPort, httpsPort: servers.httpsPort })
      return servers
    },
    async run(signal) {
      const stopWatching = watch()
      const sources = [Ingress, IngressClass, Secret, Service, EndpointSlice]
      await orAborted(Promise.all(sources.map((kind) => informers.for(kind as Resource).synced)), signal)
      await loop.run(signal)
      stopWatching()
      await servers?.close()
      proxy.close()
    },
  }
}

async function publishAddress(
  { client, publicAddresses, isShared }: IngressControllerOptions,
  ingress: Ingress,
): Promise<void> {
  const published = ingress.status?.loadBalancer?.ingress ?? []
  const others = published.filter(({ ip, hostname }) => !publicAddresses.includes(ip ?? hostname ?? ""))
  const own = publicAddresses.map((address) => (isIp(address) ? { ip: address } : { hostname: address }))
  const isComplete = published.length === others.length + own.length
  if (isComplete && (isShared || others.length === 0)) return
  const addresses = isShared ? [...others, ...own] : own
  await client
    .updateStatus(Ingress, { ...ingress, status: { loadBalancer: { ingress: addresses } } })
    .catch(ignoreConflict)
    .catch(ignoreNotFound)
}

function isIp(address: string): boolean {
  return ipFamily(address) === 6 || /^[\d.]+$/.test(address)
}
