import { formatIp, parseIp } from "../../base/ip-address.ts"
import type { Endpoints } from "../../api/core/v1/endpoints.ts"
import type {
  AddressType,
  Endpoint,
  EndpointPort,
  EndpointSlice,
} from "../../api/discovery/v1/endpoint-slice.ts"
import type { Draft } from "../../apimachinery/meta.ts"
import { managedByLabel, portsKey, serviceNameLabel } from "../endpointslice/plan.ts"
import { sameMap } from "../shared/deep-equal.ts"
import { controllerReference } from "../shared/owner.ts"
import { semanticallyEqual } from "../shared/semantically-equal.ts"
import { type Reachable, repackSubsets } from "./repack-subsets.ts"

export const managedBy = "endpointslicemirroring-controller.k8s.io"
/** More addresses of one subset are not mirrored: a subset is a slice. */
export const maxAddressesPerSubset = 1000
const notMirrored = new Set([
  "endpoints.kubernetes.io/last-change-trigger-time",
  "kubectl.kubernetes.io/last-applied-configuration",
])

export interface MirrorPlan {
  readonly create: readonly Draft<EndpointSlice>[]
  readonly update: readonly EndpointSlice[]
  readonly delete: readonly EndpointSlice[]
  /** Addresses that are no IP addresses. */
  readonly invalid: number
  /** Addresses beyond what a slice holds. */
  readonly tooMany: number
}

/** Somebody's own Endpoints, not made for a leader election, and not marked as to be left alone. */
export function isMirrored({ metadata }: Endpoints): boolean {
  return (
    metadata.labels?.["endpointslice.kubernetes.io/skip-mirror"] !== "true" &&
    metadata.annotations?.["control-plane.alpha.kubernetes.io/leader"] === undefined
  )
}

/** One slice for each family and set of ports, with what the Endpoints say. */
export function planMirror(endpoints: Endpoints, existing: readonly EndpointSlice[]): MirrorPlan {
  const { wanted, invalid, tooMany } = slicesOf(endpoints)
  const unused = new Set(existing)
  const fresh: Wanted[] = []
  const update: EndpointSlice[] = []
  for (const one of wanted) {
    const present = existing.find((slice) => unused.has(slice) && isOfKind(slice, one))
    if (!present) {
      fresh.push(one)
      continue
    }
    unused.delete(present)
    const changed = become(present, endpoints, one)
    if (!isSame(present, changed)) update.push(changed)
  }
  // A slice that is to go becomes one that is to come: one change instead of two.
  const create: Draft<EndpointSlice>[] = []
  for (const one of fresh) {
    const spare = [...unused].find(({ addressType }) => addressType === one.addressType)
    if (spare) {
      unused.delete(spare)
      update.push(become(spare, endpoints, one))
    } else if (!endpoints.metadata.deletionTimestamp)
      create.push({ ...one, metadata: { generateName: `${endpoints.metadata.name}-`, ...head(endpoints) } })
  }
  return { create, update, delete: [...unused], invalid, tooMany }
}

interface Wanted {
  readonly addressType: AddressType
  readonly ports: EndpointPort[]
  readonly endpoints: Endpoint[]
}

function slicesOf(endpoints: Endpoints) {
  const wanted: Wanted[] = []
  let invalid = 0
  let tooMany = 0
  for (const { ports, addresses } of repackSubsets(endpoints.subsets)) {
    const ofFamily: Record<AddressType, Endpoint[]> = { IPv4: [], IPv6: [], FQDN: [] }
    let added = 0
    // Those that are ready come first, where not all find room.
    for (const reachable of [...addresses].sort((a, b) => Number(b.ready) - Number(a.ready))) {
      const family = parseIp(reachable.address.ip)?.family
      if (family === undefined) invalid++
      else if (added === maxAddressesPerSubset) tooMany++
      else {
        added++
        ofFamily[family === 6 ? "IPv6" : "IPv4"].push(endpointOf(reachable))
      }
    }
    for (const addressType of ["IPv4", "IPv6"] as const)
      if (ofFamily[addressType].length > 0)
        wanted.push({
          addressType,
          ports: ports.map(({ name = "", ...port }) => ({ name, ...port })),
          endpoints: ofFamily[addressType],
        })
  }
  return { wanted, invalid, tooMany }
}

function endpointOf({ address, ready }: Reachable): Endpoint {
  const { ip, hostname, nodeName, targetRef } = address
  return {
    addresses: [formatIp(parseIp(ip)!)],
    conditions: { ready },
    ...(hostname && { hostname }),
    ...(targetRef && { targetRef }),
    ...(nodeName !== undefined && { nodeName }),
  }
}

/** What a slice's metadata take over from the Endpoints. */
function head(endpoints: Endpoints) {
  const { namespace, name, labels, annotations = {} } = endpoints.metadata
  return {
    namespace,
    labels: { ...labels, [serviceNameLabel]: name, [managedByLabel]: managedBy },
    annotations: Object.fromEntries(Object.entries(annotations).filter(([key]) => !notMirrored.has(key))),
    ownerReferences: [controllerReference(endpoints)],
  }
}

function become(slice: EndpointSlice, endpoints: Endpoints, { ports, endpoints: some }: Wanted) {
  return { ...slice, metadata: { ...slice.metadata, ...head(endpoints) }, ports, endpoints: some }
}

function isOfKind(slice: EndpointSlice, { addressType, ports }: Wanted): boolean {
  return slice.addressType === addressType && portsKey(slice.ports) === portsKey(ports)
}

function isSame(present: EndpointSlice, wanted: EndpointSlice): boolean {
  return (
    sameMap(present.metadata.labels, wanted.metadata.labels) &&
    sameMap(present.metadata.annotations, wanted.metadata.annotations) &&
    present.metadata.ownerReferences?.[0]?.uid === wanted.metadata.ownerReferences?.[0]?.uid &&
    semanticallyEqual(present.endpoints, wanted.endpoints) &&
    semanticallyEqual(present.ports, wanted.ports)
  )
}
