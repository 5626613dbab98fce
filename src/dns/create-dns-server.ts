import type { Clock } from "../base/clock.ts"
import type { Logger } from "../base/log.ts"
import type { Random } from "../base/random.ts"
import { Namespace } from "../api/core/v1/namespace.ts"
import { Service } from "../api/core/v1/service.ts"
import { EndpointSlice } from "../api/discovery/v1/endpoint-slice.ts"
import type { Resource } from "../apimachinery/resource.ts"
import type { Informers } from "../client/informers.ts"
import { Forwarder } from "./forward/forwarder.ts"
import { type Upstreams, upstreamsOfFile } from "./forward/upstreams.ts"
import { type Listener, listen } from "./listeners.ts"
import { DnsMetrics } from "./metrics.ts"
import { Responder } from "./responder.ts"
import { createInformerView } from "./zone/informer-view.ts"

/** Answers the names of the cluster, and passes all others on. */
export interface DnsServer {
  /** Begins to answer at these addresses. Rejects when one of them cannot be had. */
  listen(addresses: readonly string[]): Promise<void>
  /** Resolves when names of the cluster are answered; before that they get "server failure". */
  readonly ready: Promise<void>
  /** The ports listened on, in the order of the addresses. */
  readonly ports: readonly number[]
  /** In Prometheus' text format. */
  metrics(): string
  close(): Promise<void>
}

export interface DnsServerOptions {
  /** Shared with the rest of the process; the server asks them for Namespaces, Services and EndpointSlices. */
  readonly informers: Informers
  /** @default "cluster.local" */
  readonly clusterDomain?: string
  /** @default 53; 0 takes any free port */
  readonly port?: number
  /** How long clients may keep answers. @default 30 */
  readonly ttlSeconds?: number
  /** @default those of /etc/resolv.conf, without the addresses listened on */
  readonly upstreams?: Upstreams
  readonly upstreamPort?: number
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

export function createDnsServer(options: DnsServerOptions): DnsServer {
  const {
    informers,
    clusterDomain = "cluster.local",
    port = 53,
    ttlSeconds = 30,
    clock,
    random,
    log,
  } = options
  const addresses: string[] = []
  const listeners: Listener[] = []
  const metrics = new DnsMetrics()
  const view = createInformerView(informers)
  const sources = [informers.for(Namespace), informers.for(Service), informers.for(EndpointSlice)]
  let isReady = false
  const ready = Promise.all(sources.map((source) => source.synced)).then(() => {
    isReady = true
  })
  const forwarder = new Forwarder({
    upstreams: options.upstreams ?? upstreamsOfFile("/etc/resolv.conf", addresses),
    clock,
    random,
    log,
    ...(options.upstreamPort !== undefined && { port: options.upstreamPort }),
  })
  const settings = () => ({
    zone: clusterDomain,
    ttlSeconds,
    serial: Math.floor(clock.now() / 1000),
    serverAddresses: addresses,
  })
  const responder = new Responder({ view, settings, isReady: () => isReady, forwarder, metrics })
  // After the view's own indexes: they are brought up to date before handlers are called.
  const stops = [Namespace, Service, EndpointSlice].map((kind) =>
    informers.onChange(kind as Resource, () => responder.remembered.forget()),
  )
  return {
    ready,
    get ports() {
      return listeners.map((listener) => listener.port)
    },
    async listen(wanted) {
      for (const address of wanted) {
        listeners.push(await listen(address, port, responder, log))
        addresses.push(address)
      }
      log.info("DNS answers", { addresses, zone: clusterDomain })
    },
    metrics: () => metrics.text(),
    async close() {
      stops.forEach((stop) => stop())
      await Promise.all(listeners.splice(0).map((listener) => listener.close()))
    },
  }
}
