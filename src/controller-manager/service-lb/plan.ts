import { isNodeReady } from "../../api/core/v1/is-node-ready.ts"
import type { Node } from "../../api/core/v1/node.ts"
import type { LoadBalancerIngress, Service } from "../../api/core/v1/service.ts"

/**
 * Which addresses each Service of type LoadBalancer gets, where there is no balancer but the nodes themselves: those of
 * all nodes that may serve, as long as no older Service has the same port there. Proxies on the nodes answer at them.
 */
export interface Assignment {
  readonly service: Service
  readonly ingress: readonly LoadBalancerIngress[]
  /** Why there is none. */
  readonly problem: string | undefined
}

export interface PoolInput {
  readonly services: readonly Service[]
  readonly nodes: readonly Node[]
  /** Names of the nodes where a Service has ready endpoints. */
  readonly nodesWithEndpoints: (service: Service) => ReadonlySet<string>
}

const excludeLabel = "node.kubernetes.io/exclude-from-external-load-balancers"

export function assignAddresses({ services, nodes, nodesWithEndpoints }: PoolInput): readonly Assignment[] {
  const serving = nodes.filter(mayServe)
  /** "10.0.0.1:80/TCP" and the Service that has it. */
  const taken = new Map<string, string>()
  return services
    .filter(isOurs)
    .sort(byAge)
    .map((service) => {
      const near = service.spec.externalTrafficPolicy === "Local" ? nodesWithEndpoints(service) : undefined
      const candidates = serving
        .filter(({ metadata }) => !near || near.has(metadata.name))
        .flatMap((node) => addressesOf(node, service))
      const obstacles: string[] = []
      const free = candidates.filter((address) => {
        const holder = portsAt(address, service).find((port) => taken.has(port))
        if (holder) obstacles.push(`${holder} is used by ${taken.get(holder)}`)
        return holder === undefined
      })
      const { namespace, name } = service.metadata
      for (const address of free)
        for (const port of portsAt(address, service)) taken.set(port, `${namespace}/${name}`)
      const ingress = free.map((ip) => ({ ip, ipMode: "VIP" }))
      return { service, ingress, problem: free.length > 0 ? undefined : problemOf(obstacles) }
    })
}

export function isOurs({ spec, metadata }: Service): boolean {
  return spec.type === "LoadBalancer" && !spec.loadBalancerClass && !metadata.deletionTimestamp
}

function problemOf(obstacles: readonly string[]): string {
  return obstacles[0] ?? "There are no available nodes for LoadBalancer"
}

function mayServe(node: Node): boolean {
  const { deletionTimestamp, labels } = node.metadata
  return !deletionTimestamp && labels?.[excludeLabel] === undefined && isNodeReady(node)
}

/** A node's outside addresses, or its inside ones where it has no others; of the Service's families only. */
function addressesOf({ status }: Node, { spec }: Service): string[] {
  const of = (type: string) =>
    (status.addresses ?? []).filter((one) => one.type === type).map(({ address }) => address)
  const external = of("ExternalIP")
  const families = spec.ipFamilies ?? []
  return (external.length > 0 ? external : of("InternalIP"))
    .filter((address) => families.length === 0 || families.includes(address.includes(":") ? "IPv6" : "IPv4"))
    .filter((address) => !spec.loadBalancerIP || spec.loadBalancerIP === address)
}

function portsAt(address: string, { spec }: Service): string[] {
  return (spec.ports ?? []).map(({ port, protocol }) => `${address}:${port}/${protocol ?? "TCP"}`)
}

function byAge(a: Service, b: Service): number {
  const [first, second] = [a.metadata.creationTimestamp, b.metadata.creationTimestamp]
  return first === second ? (a.metadata.uid < b.metadata.uid ? -1 : 1) : first < second ? -1 : 1
}
