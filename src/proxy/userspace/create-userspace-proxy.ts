import { orAborted } from "../../base/on-abort.ts"
import type { Clock } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import type { Random } from "../../base/random.ts"
import { SyncLoop } from "../../base/sync-loop.ts"
import { formatKey, keyOf, parseKey } from "../../apimachinery/meta.ts"
import { Service } from "../../api/core/v1/service.ts"
import { EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts"
import type { Informers } from "../../client/informers.ts"
import { type Frontend, planService } from "../model/plan-service.ts"
import { EndpointChooser } from "./endpoint-chooser.ts"
import { listenTcp, listenUdp, type PortListener } from "./port-listener.ts"

export interface UserspaceProxyOptions {
  readonly informers: Informers
  readonly nodeName: string
  /** Where node ports are opened. @default ["127.0.0.1"] */
  readonly addresses?: readonly string[]
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

export interface UserspaceProxy {
  run(signal: AbortSignal): Promise<void>
  readonly ready: Promise<void>
  settled(): Promise<void>
}

interface OpenPort {
  readonly chooser: EndpointChooser
  readonly listeners: readonly PortListener[]
}

/**
 * Node ports without any rights: the process itself listens and passes on. For machines where the kernel's rules are out
 * of reach. It cannot do cluster IPs, nobody sees the client's address, and every byte passes through this process; it is
 * never used where the proxy proper works.
 */
export function createUserspaceProxy(options: UserspaceProxyOptions): UserspaceProxy {
  const { informers, nodeName, addresses = ["127.0.0.1"], clock, random, log } = options
  const dirty = new Set<string>()
  /** By Service, then by protocol and port. */
  const open = new Map<string, Map<string, OpenPort>>()

  function openPort(frontend: Frontend): OpenPort {
    const chooser = new EndpointChooser(clock, random)
    const { port, protocol } = frontend
    const listen = protocol === "tcp" ? listenTcp : listenUdp
    const listeners = addresses.map((address) =>
      listen({
        address,
        port,
        chooser,
        clock,
        failed: (error) => log.error("cannot open a node port", { address, port, protocol, error }),
      }),
    )
    return { chooser, listeners }
  }

  function sync(key: string): void {
    const service = informers.cache.find(Service, parseKey(key))
    const slices = informers.cache.byIndex(EndpointSlice, "userspace-proxy/service", key)
    const frontends = (service && planService(service, slices, { nodeName })?.frontends) ?? []
    const wanted = new Map(
      frontends
        .filter(({ kind, protocol }) => kind === "node-port" && protocol !== "sctp")
        .map((frontend) => [`${frontend.protocol} ${frontend.port}`, frontend]),
    )
    const ports = open.get(key) ?? new Map<string, OpenPort>()
    for (const [id, { listeners }] of ports) {
      if (wanted.has(id)) continue
      for (const listener of listeners) listener.close()
      ports.delete(id)
    }
    for (const [id, frontend] of wanted) {
      const port = ports.get(id) ?? openPort(frontend)
      // Under the policy "Local" this node's own traffic, and there is no other here, takes the inner way.
      port.chooser.update({ ...frontend, route: frontend.insideRoute ?? frontend.route })
      ports.set(id, port)
    }
    if (ports.size > 0) open.set(key, ports)
    else open.delete(key)
  }

  const loop = new SyncLoop({
    clock,
    log,
    async sync() {
      const keys = Array.from(dirty)
      dirty.clear()
      for (const key of keys) sync(key)
    },
  })

  function mark(key: string): void {
    dirty.add(key)
    loop.trigger()
  }

  function watch(): () => void {
    informers.addIndex(EndpointSlice, "userspace-proxy/service", serviceOf)
    const stops = [
      informers.onChange(Service, (current, previous) => mark(formatKey(keyOf((current ?? previous)!)))),
      informers.onChange(EndpointSlice, (current, previous) => {
        for (const slice of [current, previous]) if (slice) for (const key of serviceOf(slice)) mark(key)
      }),
    ]
    return () => stops.forEach((stop) => stop())
  }

  return {
    get ready() {
      return loop.ready
    },
    settled: () => loop.settled(),
    async run(signal) {
      const stopWatching = watch()
      await orAborted(
        Promise.all([informers.for(Service).synced, informers.for(EndpointSlice).synced]),
        signal,
      )
      await loop.run(signal)
      stopWatching()
      for (const ports of open.values())
        for (const { listeners } of ports.values()) for (const listener of listeners) listener.close()
      open.clear()
    },
  }
}

function serviceOf({ metadata }: EndpointSlice): string[] {
  const name = metadata.labels?.["kubernetes.io/service-name"]
  return name ? [`${metadata.namespace}/${name}`] : []
}
