import type { Service, ServicePort } from "../../../api/core/v1/service.ts"
import { invalid, invalidValue } from "../../../apimachinery/field-error.ts"
import { internalError } from "../../../apimachinery/status-errors.ts"
import { integer, type Random } from "../../../base/random.ts"
import type { ServerParts } from "../../server-parts.ts"
import type { Alongside } from "../registry.ts"
import type { StrategyContext } from "../strategy.ts"
import { asService, needsHealthCheckPort, needsNodePorts, nodePortsOf } from "./service-spec.ts"

/** Ports of nodes that Services may have: `--service-node-port-range`. */
export interface PortRange {
  readonly first: number
  readonly last: number
}

const rangeKey = "/registry/ranges/servicenodeports"

/**
 * Gives a Service the ports it has on every node. What is taken is read from the Services themselves, and a map of it is
 * written in the same transaction as the Service, compared with the version it was before: so two writers can never give
 * the same port away, and the map mends itself. Sets the ports in place; throws StatusError.
 */
export function claimNodePorts(
  service: Service,
  old: Service | undefined,
  context: StrategyContext,
): Alongside | undefined {
  const before = old ? nodePortsOf(old.spec) : []
  const taken = takenByOthers(context.server, service)
  const claims = new Claims(context, taken, new Set(before))
  if (needsNodePorts(service.spec)) claimPorts(service, claims)
  if (needsHealthCheckPort(service.spec)) claimHealthCheckPort(service, claims)
  const after = needsNodePorts(service.spec) ? nodePortsOf(service.spec) : []
  const isSame = after.length === before.length && after.every((port) => before.includes(port))
  return isSame ? undefined : planRange(context.server, new Set([...taken, ...after]))
}

/** For a Service that goes. */
export function releaseNodePorts(service: Service, { server }: StrategyContext): Alongside | undefined {
  if (nodePortsOf(service.spec).length === 0) return undefined
  return planRange(server, takenByOthers(server, service))
}

/** A port number stands for all ports of the Service that share the service port (DNS over TCP and UDP). */
function claimPorts(service: Service, claims: Claims): void {
  const { spec } = service
  const byServicePort = new Map<number, number>()
  const allocates = spec.type === "NodePort" || spec.allocateLoadBalancerNodePorts !== false
  for (const [index, port] of (spec.ports ?? []).entries()) {
    if (!port.nodePort && !allocates) continue
    const shared = byServicePort.get(port.port) ?? requestedFor(port.port, spec.ports ?? [])
    const wanted = port.nodePort || shared
    if (wanted) {
      const problem = claims.claim(wanted)
      if (problem) throw refusal(service, index, wanted, problem)
    }
    port.nodePort = wanted || claims.claimAny()
    byServicePort.set(port.port, port.nodePort)
  }
}

function requestedFor(servicePort: number, ports: readonly ServicePort[]): number | undefined {
  return ports.find(({ port, nodePort }) => port === servicePort && nodePort)?.nodePort
}

function claimHealthCheckPort({ spec }: Service, claims: Claims): void {
  if (!spec.healthCheckNodePort) {
    spec.healthCheckNodePort = claims.claimAny()
    return
  }
  const problem = claims.claim(spec.healthCheckNodePort)
  if (!problem) return
  const text = `failed to allocate requested HealthCheck NodePort ${spec.healthCheckNodePort}: ${problem}`
  throw internalError(new Error(text))
}

function refusal({ metadata }: Service, index: number, port: number, problem: string) {
  const errors = [invalidValue(`spec.ports[${index}].nodePort`, port, problem)]
  return invalid({ group: "", kind: "Service" }, metadata.name, errors)
}

/** Ports of one writer's Service on top of everybody else's. */
class Claims {
  readonly #range: PortRange
  readonly #random: Random
  readonly #taken: ReadonlySet<number>
  readonly #own: Set<number>
  readonly #isTrial: boolean

  constructor({ server, dryRun }: StrategyContext, taken: ReadonlySet<number>, own: Set<number>) {
    const { nodePortRange, random } = server
    this.#isTrial = dryRun
    this.#range = nodePortRange
    this.#random = random
    this.#taken = taken
    this.#own = own
  }

  /** Why it cannot be had; undefined when it is. */
  claim(port: number): string | undefined {
    if (this.#own.has(port)) return undefined
    const { first, last } = this.#range
    // Upstream does not look at the range when nothing is to be kept.
    if (!this.#isTrial && (port < first || port > last)) {
      return `provided port is not in the valid range. The range of valid ports is ${first}-${last}`
    }
    if (this.#taken.has(port)) return "provided port is already allocated"
    this.#own.add(port)
    return undefined
  }

  claimAny(): number {
    const { first, last } = this.#range
    const border = first + reservedCount(last - first + 1)
    const port = this.#pick(border, last) ?? this.#pick(first, border - 1)
    if (port === undefined) throw internalError(new Error("failed to allocate a nodePort: range is full"))
    this.#own.add(port)
    return port
  }

  #pick(first: number, last: number): number | undefined {
    const count = last - first + 1
    if (count <= 0) return undefined
    const start = integer(this.#random, count)
    for (let step = 0; step < count; step++) {
      const port = first + ((start + step) % count)
      if (!this.#taken.has(port) && !this.#own.has(port)) return port
    }
    return undefined
  }
}

/** Left for those who ask for a certain port: a 32nd of the range, at least 16 and at most 128. */
function reservedCount(size: number): number {
  return size < 32 ? 0 : Math.min(Math.max(Math.floor(size / 32), 16), 128)
}

function takenByOthers({ resources }: ServerParts, { metadata }: Service): Set<number> {
  const taken = new Set<number>()
  for (const { object } of resources
    .get({ group: "", version: "v1", plural: "services" })
    .registry.cache.list()) {
    const { name, namespace } = object.metadata
    if (name === metadata.name && namespace === metadata.namespace) continue
    for (const port of nodePortsOf(asService(object).spec)) taken.add(port)
  }
  return taken
}

/** The map of taken ports as upstream keeps it, so that its API server finds its way here. */
function planRange(
  { mirror, nodePortRange: { first, last } }: ServerParts,
  taken: ReadonlySet<number>,
): Alongside {
  const bits = new Uint8Array(Math.ceil((last - first + 1) / 8))
  for (const port of taken)
    if (port >= first && port <= last) bits[(port - first) >> 3]! |= 1 << ((port - first) & 7)
  // A big-endian number without leading zeros, as Go's big.Int writes it.
  const number = bits.reverse()
  const start = number.findIndex((byte) => byte !== 0)
  const data = start < 0 ? "" : btoa(String.fromCharCode(...number.subarray(start)))
  const value = {
    kind: "RangeAllocation",
    apiVersion: "v1",
    metadata: { creationTimestamp: null },
    range: `${first}-${last}`,
    data,
  }
  const revision = mirror.findUnclaimed(rangeKey)?.revision ?? 0
  return {
    compare: [{ key: rangeKey, target: "modRevision", is: "=", to: revision }],
    operations: [{ op: "put", key: rangeKey, value: new TextEncoder().encode(JSON.stringify(value)) }],
  }
}
