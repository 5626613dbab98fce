import type { IPFamily, Service } from "../../../api/core/v1/service.ts"
import { type ServiceCIDR } from "../../../api/networking/v1/service-cidr.ts"
import { type FieldError, invalid, invalidValue } from "../../../apimachinery/field-error.ts"
import type { KubeObject } from "../../../apimachinery/meta.ts"
import { internalError } from "../../../apimachinery/status-errors.ts"
import { formatIp, type IpNetwork, networkHas, parseIp, parseNetwork } from "../../../base/ip-address.ts"
import { uuid } from "../../../base/random.ts"
import type { ServerParts } from "../../server-parts.ts"
import type { Alongside } from "../registry.ts"
import type { StrategyContext } from "../strategy.ts"
import { pickAddress, rangeProblem } from "./address-range.ts"
import { headless } from "./service-spec.ts"

const ipAddresses = { group: "networking.k8s.io", version: "v1", plural: "ipaddresses" }
const serviceCidrs = { group: "networking.k8s.io", version: "v1", plural: "servicecidrs" }

/**
 * Gives a Service its addresses, one per family. Each is claimed by an IPAddress object of that name, which is written in
 * the same transaction as the Service: two Services can never have the same one, and none is ever left over. Sets
 * `clusterIP` and `clusterIPs` in place; throws StatusError.
 */
export function claimAddresses(
  service: Service,
  old: Service | undefined,
  context: StrategyContext,
): Alongside[] {
  const wanted = wantsAddresses(service)
  const before = old && wantsAddresses(old) ? (old.spec.clusterIPs ?? []) : []
  const kept = wanted ? (service.spec.clusterIPs ?? []).filter((address) => before.includes(address)) : []
  const plans: Alongside[] = before
    .filter((address) => !kept.includes(address))
    .map((address) => context.server.resources.get(ipAddresses).registry.planDelete(address))
  if (!wanted) return plans
  const families = service.spec.ipFamilies ?? []
  const addresses = [...(service.spec.clusterIPs ?? [])]
  for (const [index, family] of families.entries()) {
    const asked = addresses[index]
    if (asked && kept.includes(asked)) continue
    const address = asked ? claimCertain(service, asked, context) : claimAny(family, context, addresses)
    addresses[index] = address
    plans.push(planClaim(service, family, address, context))
  }
  service.spec.clusterIPs = addresses
  if (addresses[0]) service.spec.clusterIP = addresses[0]
  return plans
}

function wantsAddresses({ spec }: Service): boolean {
  return spec.type !== "ExternalName" && spec.clusterIP !== headless && spec.clusterIPs?.[0] !== headless
}

function claimCertain(service: Service, asked: string, { server }: StrategyContext): string {
  const problem = (text: string): never => {
    const errors: FieldError[] = [
      invalidValue("spec.clusterIPs", service.spec.clusterIPs, `failed to allocate IP ${asked}: ${text}`),
    ]
    throw invalid({ group: "", kind: "Service" }, service.metadata.name, errors)
  }
  const address = parseIp(asked)
  const network = address && serviceNetworks(server).find((each) => networkHas(each, address))
  if (!address || !network) return problem("the provided network does not match the current range")
  const outside = rangeProblem(network, asked)
  if (outside) return problem(outside)
  const name = formatIp(address)
  return isTaken(server, name) ? problem("provided IP is already allocated") : name
}

function claimAny(family: IPFamily, { server }: StrategyContext, others: readonly string[]): string {
  const wanted = family === "IPv6" ? 6 : 4
  for (const network of serviceNetworks(server)) {
    if (network.family !== wanted) continue
    const address = pickAddress(
      network,
      (each) => others.includes(each) || isTaken(server, each),
      server.random,
    )
    if (address) return address
  }
  throw internalError(new Error("failed to allocate a serviceIP: range is full"))
}

function isTaken(server: ServerParts, address: string): boolean {
  return server.resources.get(ipAddresses).registry.cache.find(address) !== undefined
}

/** Those of every ServiceCIDR that is ready; those the server was started with until there is one. */
export function serviceNetworks(server: ServerParts): readonly IpNetwork[] {
  const objects = server.resources
    .get(serviceCidrs)
    .registry.cache.list()
    .map(({ object }) => object as unknown as ServiceCIDR)
  const ready = objects.filter(isReady).flatMap(({ spec }) => spec.cidrs ?? [])
  const networks = ready.map(parseNetwork).filter((network) => network !== undefined)
  return objects.length > 0 ? networks : server.serviceNetworks
}

function isReady({ metadata, status }: ServiceCIDR): boolean {
  if (metadata.deletionTimestamp) return false
  const condition = status.conditions?.find(({ type }) => type === "Ready")
  return condition === undefined || condition.status === "True"
}

function planClaim(
  { metadata }: Service,
  family: IPFamily,
  address: string,
  { server, now }: StrategyContext,
): Alongside {
  const object = {
    kind: "IPAddress",
    apiVersion: "networking.k8s.io/v1",
    metadata: {
      name: address,
      uid: uuid(server.random),
      creationTimestamp: now,
      labels: {
        "ipaddress.kubernetes.io/ip-family": family,
        "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
      },
    },
    spec: { parentRef: { resource: "services", namespace: metadata.namespace, name: metadata.name } },
  }
  return server.resources.get(ipAddresses).registry.planCreate(address, object as unknown as KubeObject)
}
