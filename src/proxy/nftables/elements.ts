import {
  formatIp,
  formatNetwork,
  type IpFamily,
  networkHas,
  parseIp,
  parseNetwork,
  withoutIncluded,
} from "../../base/ip-address.ts"
import type { Frontend, Route, ServicePlan } from "../model/plan-service.ts"
import { type Group, groupOf, type Side } from "./group.ts"

/** One element of a set or map of the proxy's table, with what there is for it in the map of the group that it leads to. */
export interface Element {
  readonly family: IpFamily
  readonly set: string
  readonly key: string
  /** Absent in sets. */
  readonly value?: string
  /** The element leads to this group's chain. */
  readonly group?: Group
  /** What the group's map, if it is a shared one, has for this key and the numbers from 0. */
  readonly endpoints?: readonly string[]
}

/** Everything that a Service puts into the table. */
export function elementsOf(plan: ServicePlan): Element[] {
  const elements = plan.frontends.flatMap(frontendElements)
  for (const address of plan.localAddresses) {
    const family = address.includes(":") ? 6 : 4
    elements.push({ family, set: "hairpins", key: `${address} . ${address}` })
  }
  for (const key of plan.clusterIPs)
    elements.push({ family: key.includes(":") ? 6 : 4, set: "cluster-ips", key })
  return elements
}

/** Addresses whose connections keep them; the kernel refuses those that a pod network includes already. */
export function trustedElements(addresses: readonly string[], podNetworks: readonly string[]): Element[] {
  const networks = podNetworks.flatMap((network) => parseNetwork(network) ?? [])
  return addresses
    .flatMap((address) => parseIp(address) ?? [])
    .filter((ip) => !networks.some((network) => networkHas(network, ip)))
    .map((ip) => ({ family: ip.family, set: "trusted-sources", key: formatIp(ip) }))
}

function frontendElements(frontend: Frontend): Element[] {
  const { route, insideRoute } = frontend
  const key = frontendKey(frontend)
  const elements = [routeElement(frontend, route, key, "")]
  // From inside, "no endpoint" is refused wherever the packet came from, so once is enough.
  if (insideRoute?.to === "endpoints") elements.push(routeElement(frontend, insideRoute, key, "inside-"))
  return [...elements, ...sourceRangeElements(frontend, key)]
}

function routeElement(frontend: Frontend, route: Route, key: string, side: Side): Element {
  const { family } = frontend
  const suffix = frontend.address === undefined ? "ports" : "services"
  if (route.to !== "endpoints")
    return { family, set: `refused-${suffix}`, key, value: route.to === "drop" ? "drop" : "goto refuse" }
  const group = groupOf(frontend, route, side)
  return {
    family,
    set: `${side}${suffix}`,
    key,
    value: `goto ${group.name}`,
    group,
    ...(group.kind === "shared" && {
      endpoints: route.endpoints.map(({ address, port }) => `${address} . ${port}`),
    }),
  }
}

function sourceRangeElements({ family, sourceRanges }: Frontend, key: string): Element[] {
  if (!sourceRanges) return []
  const networks = sourceRanges.flatMap((range) => parseNetwork(range) ?? [])
  return [
    { family, set: "guarded-services", key },
    // The kernel refuses ranges that overlap.
    ...withoutIncluded(networks).map((network) => ({
      family,
      set: "allowed-sources",
      key: `${key} . ${formatNetwork(network)}`,
    })),
  ]
}

function frontendKey({ address, protocol, port }: Frontend): string {
  return address === undefined ? `${protocol} . ${port}` : `${address} . ${protocol} . ${port}`
}
