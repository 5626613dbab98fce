import { parseIp } from "../../base/ip-address.ts"
import type { EndpointAddress, EndpointPort, EndpointSubset } from "../../api/core/v1/endpoints.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { Service } from "../../api/core/v1/service.ts"
import { canonicalJson } from "../../apimachinery/hash.ts"
import { addressesOf, findPort, hostnameOf, isReachable } from "../endpointslice/endpoints-of-pods.ts"
import { isReady } from "../shared/pods.ts"

/** More addresses do not fit into one object. */
export const maxAddresses = 1000

/**
 * The pods behind a Service, those with the same ports together, in a fixed order so that equal states make equal
 * objects.
 */
export function computeSubsets(service: Service, pods: readonly Pod[]): EndpointSubset[] {
  const groups = new Map<
    string,
    { ports: EndpointPort[]; ready: EndpointAddress[]; unready: EndpointAddress[] }
  >()
  for (const pod of pods) {
    const address = addressOf(pod, service)
    if (!address) continue
    const ports = portsOf(pod, service)
    if (ports.length === 0 && (service.spec.ports ?? []).length > 0) continue
    const key = canonicalJson(ports)
    const group = groups.get(key) ?? { ports, ready: [], unready: [] }
    groups.set(key, group)
    const isUp = isReady(pod) || service.spec.publishNotReadyAddresses === true
    ;(isUp ? group.ready : group.unready).push(address)
  }
  return Array.from(groups.entries())
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { ports, ready, unready }]) => ({
      ...(ready.length > 0 && { addresses: ready.sort(byAddress) }),
      ...(unready.length > 0 && { notReadyAddresses: unready.sort(byAddress) }),
      ...(ports.length > 0 && { ports }),
    }))
}

/** Leaves out what does not fit, unready addresses first. */
export function truncate(subsets: readonly EndpointSubset[]): {
  subsets: EndpointSubset[]
  truncated: boolean
} {
  const count = (of: (subset: EndpointSubset) => readonly EndpointAddress[] | undefined) =>
    subsets.reduce((total, subset) => total + (of(subset)?.length ?? 0), 0)
  const ready = count((subset) => subset.addresses)
  const unready = count((subset) => subset.notReadyAddresses)
  if (ready + unready <= maxAddresses) return { subsets: [...subsets], truncated: false }
  let roomReady = maxAddresses
  let roomUnready = Math.max(0, maxAddresses - ready)
  const cut = subsets.map((subset) => {
    const addresses = (subset.addresses ?? []).slice(
      0,
      share(subset.addresses, ready, maxAddresses, roomReady),
    )
    roomReady -= addresses.length
    const most = share(subset.notReadyAddresses, unready, maxAddresses - ready, roomUnready)
    const notReadyAddresses = (subset.notReadyAddresses ?? []).slice(0, most)
    roomUnready -= notReadyAddresses.length
    return { ...subset, addresses, notReadyAddresses }
  })
  return { subsets: cut, truncated: true }
}

/** A subset's part of `limit`, in proportion to its part of all addresses, rounded up while there is room. */
function share(
  addresses: readonly EndpointAddress[] | undefined,
  total: number,
  limit: number,
  room: number,
): number {
  const size = addresses?.length ?? 0
  if (total <= limit) return size
  return Math.max(0, Math.min(room, Math.ceil((size / total) * limit)))
}

function addressOf(pod: Pod, service: Service): EndpointAddress | undefined {
  if (!isReachable(pod)) return undefined
  if (pod.metadata.deletionTimestamp && !service.spec.publishNotReadyAddresses) return undefined
  const family = service.spec.ipFamilies?.[0] === "IPv6" ? 6 : 4
  const ip = addressesOf(pod).find((text) => parseIp(text)?.family === family)
  if (!ip) return undefined
  const { namespace, name, uid } = pod.metadata
  const hostname = hostnameOf(pod, service)
  return {
    ip,
    ...(hostname && { hostname }),
    ...(pod.spec.nodeName && { nodeName: pod.spec.nodeName }),
    targetRef: { kind: "Pod", namespace, name, uid },
  }
}

function portsOf(pod: Pod, service: Service): EndpointPort[] {
  const ports: EndpointPort[] = []
  for (const servicePort of service.spec.ports ?? []) {
    const port = findPort(pod, servicePort)
    if (port === undefined) continue
    const { name, protocol, appProtocol } = servicePort
    ports.push({ ...(name && { name }), port, protocol, ...(appProtocol !== undefined && { appProtocol }) })
  }
  return ports.sort((a, b) => ((a.name ?? "") < (b.name ?? "") ? -1 : 1))
}

function byAddress(a: EndpointAddress, b: EndpointAddress): number {
  const [first, second] = [parseIp(a.ip)!.value, parseIp(b.ip)!.value]
  if (first !== second) return first < second ? -1 : 1
  return (a.targetRef?.uid ?? "") < (b.targetRef?.uid ?? "") ? -1 : 1
}
