import { type IpFamily, ipFamily } from "../../base/ip-address.ts"
import type { Endpoint, EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts"

/** One address and port behind a port of a Service, with what decides whether it gets traffic. */
export interface ServiceEndpoint {
  readonly address: string
  readonly port: number
  readonly ready: boolean
  /** Answers, though it may be on its way out. */
  readonly serving: boolean
  readonly terminating: boolean
  /** On this node. */
  readonly local: boolean
  readonly zoneHints: readonly string[]
  readonly nodeHints: readonly string[]
}

/** The endpoints of a Service by the name of its port. */
export type EndpointsByPort = ReadonlyMap<string, readonly ServiceEndpoint[]>

/**
 * Joins the slices of a Service, for one address family. An endpoint that moves from one slice to another is in both for a
 * moment: it counts once. The order is that of addresses, so that the same slices always give the same rules.
 */
export function endpointsByPort(
  slices: readonly EndpointSlice[],
  family: IpFamily,
  nodeName: string,
): EndpointsByPort {
  const byPort = new Map<string, ServiceEndpoint[]>()
  for (const slice of slices) {
    if (slice.addressType !== `IPv${family}`) continue
    for (const { name = "", port } of slice.ports ?? []) {
      if (!port) continue
      let endpoints = byPort.get(name)
      if (!endpoints) byPort.set(name, (endpoints = []))
      for (const endpoint of slice.endpoints ?? []) addEndpoint(endpoints, endpoint, port, family, nodeName)
    }
  }
  for (const [name, endpoints] of byPort) byPort.set(name, withoutRepeated(endpoints.sort(byAddress)))
  return byPort
}

function addEndpoint(
  endpoints: ServiceEndpoint[],
  endpoint: Endpoint,
  port: number,
  family: IpFamily,
  nodeName: string,
): void {
  // Further addresses of an endpoint mean the same pod; upstream too uses the first alone.
  const address = endpoint.addresses[0]
  if (!address || ipFamily(address) !== family) return
  const { ready = true, serving = ready, terminating = false } = endpoint.conditions
  endpoints.push({
    address,
    port,
    ready,
    serving,
    terminating,
    local: endpoint.nodeName === nodeName,
    zoneHints: endpoint.hints?.forZones?.map(({ name }) => name) ?? none,
    nodeHints: endpoint.hints?.forNodes?.map(({ name }) => name) ?? none,
  })
}

const none: readonly string[] = []

/** Of equal addresses those on this node first. */
function byAddress(a: ServiceEndpoint, b: ServiceEndpoint): number {
  if (a.address !== b.address) return a.address < b.address ? -1 : 1
  return a.port - b.port || Number(b.local) - Number(a.local)
}

function withoutRepeated(sorted: readonly ServiceEndpoint[]): ServiceEndpoint[] {
  return sorted.filter(({ address, port }, index) => {
    const previous = sorted[index - 1]
    return !previous || previous.address !== address || previous.port !== port
  })
}
