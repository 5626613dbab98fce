import { orAborted } from "../base/on-abort.ts"
import { type IpFamily, ipFamily } from "../base/ip-address.ts"
import { SyncLoop } from "../base/sync-loop.ts"
import { jsonEqual } from "../apimachinery/json-equal.ts"
import { formatKey, keyOf, parseKey } from "../apimachinery/meta.ts"
import { Node } from "../api/core/v1/node.ts"
import { Service } from "../api/core/v1/service.ts"
import { EndpointSlice } from "../api/discovery/v1/endpoint-slice.ts"
import { ConnectionTracking, describeUdp } from "./connection-tracking.ts"
import { HealthCheckServers } from "./health-check-servers.ts"
import type { NodeView } from "./model/node-view.ts"
import { type Frontend, planService, type ServicePlan } from "./model/plan-service.ts"
import { type Element, elementsOf, trustedElements } from "./nftables/elements.ts"
import { removesGroups } from "./nftables/group.ts"
import { Ruleset, type WantedElements } from "./nftables/ruleset.ts"
import { tableName } from "./nftables/table.ts"
import { ProxyStatus } from "./serving/proxy-status.ts"
import type { Proxy, ProxyOptions } from "./proxy.ts"
import { ServicesWithoutLocal } from "./services-without-local.ts"

const serviceIndex = "proxy/service"
/** Services that another proxy takes care of. */
const proxyNameLabel = "service.kubernetes.io/service-proxy-name"
const headlessLabel = "service.kubernetes.io/headless"
/** Services planned before others in the process get a turn. */
const batchSize = 500

/** The proxy that works by the kernel's nftables; needs root. */
export function createProxy(options: ProxyOptions): Proxy {
  return new NftablesProxy(options)
}

/**
 * Whatever changes makes a Service dirty; dirty Services are planned anew, all together, and the difference goes to the
 * kernel at once.
 */
class NftablesProxy implements Proxy {
  readonly status: ProxyStatus
  readonly #options: ProxyOptions
  readonly #families: readonly IpFamily[]
  readonly #ruleset: Ruleset
  readonly #tracking: ConnectionTracking
  readonly #withoutLocal = new ServicesWithoutLocal()
  readonly #healthChecks: HealthCheckServers
  /** Frontends of Services whose flows must be forgotten with their endpoints. */
  readonly #remembered = new Map<string, readonly Frontend[]>()
  readonly #dirty = new Set<string>()
  /** When endpoints of dirty Services have changed, as whoever changed them says. */
  readonly #triggers: number[] = []
  readonly #loop: SyncLoop
  /** The kernel's tables are not what `#ruleset` says: make them all. */
  #makeAll = true
  /** What of the Node matters to Services. */
  #node: Omit<NodeView, "nodeName"> = {}

  constructor(options: ProxyOptions) {
    const { podNetworks, serviceNetworks, commands, clock, log, nodeName } = options
    this.#options = options
    this.#families =
      options.families ?? Array.from(new Set<IpFamily>([...podNetworks, ...serviceNetworks].map(ipFamily)))
    this.#ruleset = new Ruleset(options, this.#families)
    this.#tracking = new ConnectionTracking(commands, log)
    this.status = new ProxyStatus(clock, this.#families)
    this.#healthChecks = new HealthCheckServers({
      log,
      isProxyHealthy: () => this.status.isHealthy,
      nodeName,
      ...(options.events && { events: options.events }),
    })
    this.#loop = new SyncLoop({
      clock,
      log,
      sync: () => this.#sync(),
      failed: () => {
        this.status.metrics.failed()
        this.#makeAll = true
      },
      inspect: () => this.#inspect(),
    })
  }

  get ready(): Promise<void> {
    return this.#loop.ready
  }

  settled(): Promise<void> {
    return this.#loop.settled()
  }

  async run(signal: AbortSignal): Promise<void> {
    const { informers } = this.#options
    const stopWatching = this.#watch()
    const synced = [informers.for(Service), informers.for(EndpointSlice), informers.for(Node)].map(
      (each) => each.synced,
    )
    await orAborted(Promise.all(synced), signal)
    await this.#loop.run(signal)
    stopWatching()
    this.#healthChecks.close()
  }

  async cleanUp(): Promise<void> {
    const { commands, prefix } = this.#options
    this.#makeAll = true
    const lines = this.#families.map((family) => {
      const table = tableName(prefix, family)
      return `add table ${table}\ndelete table ${table}\n`
    })
    await commands.run("nft", ["-f", "-"], lines.join(""))
  }

  #watch(): () => void {
    const { informers, nodeName } = this.#options
    informers.addIndex(EndpointSlice, serviceIndex, servicesOf)
    const stops = [
      informers.onChange(Service, (current, previous) =>
        this.#mark(formatKey(keyOf((current ?? previous)!)), "service"),
      ),
      informers.onChange(EndpointSlice, (current, previous) => {
        for (const slice of [current, previous])
          if (slice) for (const key of servicesOf(slice)) this.#mark(key, "endpoint")
        const triggeredAt = current && triggerTime(current)
        if (triggeredAt !== undefined) this.#triggers.push(triggeredAt)
      }),
      informers.onChange(Node, (current) => {
        if (current?.metadata.name !== nodeName) return
        this.status.nodeEligible = isEligible(current)
        const seen = viewOf(current)
        if (jsonEqual(seen, this.#node)) return
        this.#node = seen
        this.#loop.trigger()
        for (const service of informers.cache.list(Service)) this.#mark(formatKey(keyOf(service)), "service")
      }),
    ]
    return () => stops.forEach((stop) => stop())
  }

  #mark(key: string, kind: "service" | "endpoint"): void {
    this.#dirty.add(key)
    this.status.queued(kind)
    this.#loop.trigger()
  }

  /** Whether our tables are still there: somebody may have flushed the machine's rules. */
  async #inspect(): Promise<boolean> {
    const { commands, prefix, log } = this.#options
    const tables = (await commands.run("nft", ["list", "tables"])).split("\n")
    if (this.#families.every((family) => tables.includes(`table ${tableName(prefix, family)}`))) return true
    log.warn("somebody removed the rules for Services; making them again")
    this.#makeAll = true
    return false
  }

  async #sync(): Promise<void> {
    const began = this.#options.clock.now()
    const keys = Array.from(this.#dirty)
    const triggers = this.#triggers.splice(0)
    this.#dirty.clear()
    const wanted = new Map<string, readonly Element[]>([["", this.#trustedElements()]])
    let flowsChanged = false
    for (const [index, key] of keys.entries()) {
      if (index % batchSize === batchSize - 1) await this.#letOthersRun()
      const plan = this.#plan(key)
      wanted.set(key, plan ? elementsOf(plan).filter(({ family }) => this.#families.includes(family)) : [])
      if (this.#remember(key, plan?.frontends ?? [])) flowsChanged = true
    }
    const full = this.#makeAll
    await this.#apply(wanted)
    this.status.synced(began, triggers, full)
    this.status.metrics.servicesWithoutLocal(this.#withoutLocal.counts(this.#families))
    if (flowsChanged) await this.#forgetFlows()
  }

  /** The node itself may be known to pods by its own addresses, as they are to each other. */
  #trustedElements(): readonly Element[] {
    const { keepNodeAddresses, masqueradeAll, podNetworks } = this.#options
    if (!keepNodeAddresses || masqueradeAll) return []
    return trustedElements(this.#node.addresses ?? [], podNetworks).filter(({ family }) =>
      this.#families.includes(family),
    )
  }

  #letOthersRun(): Promise<void> {
    return new Promise((resolve) => this.#options.clock.soon(resolve))
  }

  async #apply(wanted: WantedElements): Promise<void> {
    const { commands } = this.#options
    const transactions = this.#makeAll ? [this.#ruleset.planAll(wanted)] : this.#ruleset.planChange(wanted)
    for (const text of transactions)
      await commands.run("nft", ["-f", "-"], text).catch((error: unknown) => {
        // What is stale goes with what is new: where one fails, so does the other.
        const uncleaned = this.#families.filter((family) => removesGroups(text, family))
        this.status.metrics.cleanUpFailed(uncleaned)
        throw error
      })
    this.#makeAll = false
  }

  #plan(key: string): ServicePlan | undefined {
    const { cache } = this.#options.informers
    const service = cache.find(Service, parseKey(key))
    const ours = service && !service.metadata.labels?.[proxyNameLabel]
    const plan = ours
      ? planService(service, cache.byIndex(EndpointSlice, serviceIndex, key), this.#nodeView)
      : undefined
    const { namespace = "", name } = parseKey(key)
    this.#healthChecks.update(key, plan?.healthCheck && { namespace, name, ...plan.healthCheck })
    return plan
  }

  get #nodeView(): NodeView {
    return { nodeName: this.#options.nodeName, ...this.#node }
  }

  /** True when flows may lead to where they should not any more. */
  #remember(key: string, frontends: readonly Frontend[]): boolean {
    this.#withoutLocal.update(key, frontends)
    const flowsChanged = describeUdp(this.#remembered.get(key) ?? []) !== describeUdp(frontends)
    const connectionless = frontends.filter(({ protocol }) => protocol === "udp")
    if (connectionless.length > 0) this.#remembered.set(key, connectionless)
    else this.#remembered.delete(key)
    return flowsChanged
  }

  async #forgetFlows(): Promise<void> {
    const { clock } = this.#options
    const frontends = Array.from(this.#remembered.values()).flat()
    for (const family of this.#families) {
      const began = clock.now()
      const forgotten = await this.#tracking.forgetStale(family, frontends)
      this.status.metrics.forgot(`IPv${family}`, forgotten, clock.now() - began)
    }
  }
}

/** Undefined in slices whose controller does not tell. */
function triggerTime({ metadata }: EndpointSlice): number | undefined {
  const text = metadata.annotations?.["endpoints.kubernetes.io/last-change-trigger-time"]
  const time = text === undefined ? Number.NaN : Date.parse(text)
  return Number.isNaN(time) ? undefined : time
}

function viewOf({ metadata, status }: Node): Omit<NodeView, "nodeName"> {
  const zone = metadata.labels?.["topology.kubernetes.io/zone"]
  const internal = (status.addresses ?? []).filter(({ type }) => type === "InternalIP")
  return { ...(zone !== undefined && { zone }), addresses: internal.map(({ address }) => address) }
}

/** A node that is about to be taken away should get no traffic from outside. */
function isEligible({ metadata, spec }: Node): boolean {
  const isGoing = (spec.taints ?? []).some(({ key }) => key === "ToBeDeletedByClusterAutoscaler")
  return metadata.deletionTimestamp === undefined && !isGoing
}

function servicesOf({ metadata }: EndpointSlice): string[] {
  const name = metadata.labels?.["kubernetes.io/service-name"]
  if (!name || metadata.labels?.[headlessLabel] !== undefined) return []
  return [`${metadata.namespace}/${name}`]
}
