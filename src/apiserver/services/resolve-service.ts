import { Service } from "../../api/core/v1/service.ts"
import { EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts"
import { notFound, serviceUnavailable } from "../../apimachinery/status-errors.ts"
import { integer, type Random } from "../../base/random.ts"
import type { Cache } from "../../client/cache.ts"

/** A Service's port by its number. */
export interface ServiceReference {
  readonly namespace: string
  readonly name: string
  readonly port: number
}

export interface ServiceAddress {
  readonly host: string
  readonly port: number
}

/** Upstream's lister names what it lacks in the singular. */
const named = { group: "", plural: "service" }
const routableTypes = new Set(["ClusterIP", "NodePort", "LoadBalancer"])

/**
 * Where to reach something that is ready behind a Service. The API server goes to the endpoints themselves: it may run
 * where nobody has programmed the Service's own address. Throws in upstream's words when there is nothing to go to.
 */
export function resolveService(cache: Cache, random: Random, reference: ServiceReference): ServiceAddress {
  const { namespace, name, port } = reference
  const service = cache.find(Service, { namespace, name })
  if (!service) throw notFound(named, name)
  const { type = "", ports = [], ipFamilies = [] } = service.spec
  if (!routableTypes.has(type)) throw new Error(`unsupported service type "${type}"`)
  const servicePort = ports.find((each) => each.port === port)
  if (!servicePort) throw serviceUnavailable(`no service port ${port} found for service "${name}"`)
  for (const slice of slicesOf(cache, random, namespace, name, ipFamilies[0])) {
    const found = slice.ports?.find((each) => each.name === (servicePort.name ?? ""))
    const address = addressOf(slice, random)
    if (found?.port && address) return { host: address, port: found.port }
  }
  throw serviceUnavailable(`no endpoints available for service "${name}"`)
}

/** In random order, those of the Service's first family before others. */
function slicesOf(
  cache: Cache,
  random: Random,
  namespace: string,
  name: string,
  preferred: string | undefined,
): EndpointSlice[] {
  const slices = cache.list(EndpointSlice, {
    namespace,
    where: ({ metadata }) => metadata.labels?.["kubernetes.io/service-name"] === name,
  })
  const isPreferred = ({ addressType }: EndpointSlice) => addressType === preferred
  const shuffled = rotated(slices, random)
  return [...shuffled.filter(isPreferred), ...shuffled.filter((slice) => !isPreferred(slice))]
}

function addressOf({ endpoints }: EndpointSlice, random: Random): string | undefined {
  const ready = (endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false)
  return rotated(ready, random)[0]?.addresses?.[0]
}

function rotated<T>(list: readonly T[], random: Random): T[] {
  const start = list.length > 1 ? integer(random, list.length) : 0
  return [...list.slice(start), ...list.slice(0, start)]
}
