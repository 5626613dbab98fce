import { type IpFamily, ipFamily } from "../../base/ip-address.ts"
import type { Endpoint, EndpointPort, EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts"

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
  const byPort = new Map<string, Map<string, ServiceEndpoint>>()
  for (const slice of slices) {
    if (slice.addressType !== `IPv${family}`) continue
    for (const port of slice.ports ?? []) {
      if (!port.port) continue
      const name = port.name ?? ""
      let endpoints = byPort.get(name)
      if (!endpoints) byPort.set(name, (endpoints = new Map()))
      for (const endpoint of slice.endpoints ?? []) addEndpoint(endpoints, endpoint, port, family, nodeName)
    }
  }
  return new Map(Array.from(byPort, ([name, endpoints]) => [name, sorted(endpoints)]))
}

function addEndpoint(
  endpoints: Map<string, ServiceEndpoint>,
  endpoint: Endpoint,
  { port = 0 }: EndpointPort,
  family: IpFamily,
  nodeName: string,
): void {
  // Further addresses of an endpoint mean the same pod; upstream too uses the first alone.
  const address = endpoint.addresses[0]
  if (!address || ipFamily(address) !== family) return
  const local = endpoint.nodeName === nodeName
  const key = `${address} ${port}`
  if (endpoints.has(key) && !local) return
  const { ready = true, serving = ready, terminating = false } = endpoint.conditions
  endpoints.set(key, {
    address,
    port,
    ready,
    serving,
    terminating,
    local,
    zoneHints: endpoint.hints?.forZones?.map(({ name }) => name) ?? [],
    nodeHints: endpoint.hints?.forNodes?.map(({ name }) => name) ?? [],
  })
}

function sorted(endpoints: Map<string, ServiceEndpoint>): ServiceEndpoint[] {
  return Array.from(endpoints.values()).sort((a, b) =>
    a.address === b.address ? a.port - b.port : a.address < b.address ? -1 : 1,
  )
}
