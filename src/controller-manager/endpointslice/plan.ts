import type { Node } from "../../api/core/v1/node.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { Service } from "../../api/core/v1/service.ts"
import type {
  AddressType,
  Endpoint,
  EndpointPort,
  EndpointSlice,
} from "../../api/discovery/v1/endpoint-slice.ts"
import { canonicalJson } from "../../apimachinery/hash.ts"
import type { Draft } from "../../apimachinery/meta.ts"
import { sameMap } from "../shared/deep-equal.ts"
import { controllerReference } from "../shared/owner.ts"
import { semanticallyEqual } from "../shared/semantically-equal.ts"
import { addressesOfType, endpointOf, isReachable, portsOf } from "./endpoints-of-pods.ts"
import { fillSlices } from "./fill-slices.ts"
import { withHints } from "./hints.ts"
import { asksForTopology, topologyHints } from "./topology-hints.ts"

export interface SlicePlan {
  readonly create: readonly Draft<EndpointSlice>[]
  readonly update: readonly EndpointSlice[]
  readonly delete: readonly EndpointSlice[]
  /** Pods that are left out because their node is not known (yet). */
  readonly homeless: readonly Pod[]
  /** What became of the wish that zones serve themselves, one entry for each address family at most. */
  readonly topology: readonly TopologyNotice[]
}

export interface TopologyNotice {
  readonly type: "Normal" | "Warning"
  readonly reason: "TopologyAwareHintsEnabled" | "TopologyAwareHintsDisabled"
  readonly message: string
}

export interface SliceInput {
  readonly service: Service
  readonly pods: readonly Pod[]
  readonly existing: readonly EndpointSlice[]
  readonly findNode: (name: string) => Node | undefined
  readonly maxPerSlice: number
  /** Asked only where the Service wants zones to serve themselves. */
  readonly zoneShares: () => ReadonlyMap<string, number> | undefined
}

export const managedBy = "endpointslice-controller.k8s.io"
export const serviceNameLabel = "kubernetes.io/service-name"
export const managedByLabel = "endpointslice.kubernetes.io/managed-by"
const headlessLabel = "service.kubernetes.io/headless"

export function isManaged({ metadata }: EndpointSlice): boolean {
  return metadata.labels?.[managedByLabel] === managedBy
}

/** The slices of a Service as they should be: one set for each address family. */
export function planSlices(input: SliceInput): SlicePlan {
  const types = addressTypesOf(input.service)
  const plans = types.map((type) => planFamily(input, type))
  const foreign = input.existing.filter((slice) => !types.includes(slice.addressType))
  const plan = {
    create: plans.flatMap((one) => one.create),
    update: plans.flatMap((one) => one.update),
    delete: [...plans.flatMap((one) => one.delete), ...foreign],
    homeless: plans[0]?.homeless ?? [],
    topology: plans.flatMap((one) => one.topology),
  }
  return input.service.metadata.deletionTimestamp ? { ...plan, create: [] } : plan
}

function planFamily(input: SliceInput, addressType: AddressType): SlicePlan {
  const { service, existing, maxPerSlice } = input
  const mine = existing.filter((slice) => slice.addressType === addressType)
  const [owned, stale] = partition(mine, (slice) => isOwnedBy(slice, service))
  const { groups, homeless } = groupByPorts(input, addressType)
  const shape = (ports: readonly EndpointPort[], endpoints: readonly Endpoint[]) => ({
    addressType,
    ports: [...ports],
    endpoints: [...endpoints],
  })

  const contents = new Map<EndpointSlice, readonly Endpoint[]>()
  const unused: EndpointSlice[] = owned.filter((slice) => !groups.has(portsKey(slice.ports)))
  const fresh: ReturnType<typeof shape>[] = []
  const impossible: string[] = []
  for (const [key, { ports, endpoints }] of groups) {
    const present = owned.filter((slice) => portsKey(slice.ports) === key)
    const hinted = hintedEndpoints(input, endpoints, impossible)
    const filling = fillSlices(present, hinted, maxPerSlice)
    for (const slice of present) contents.set(slice, filling.changed.get(slice) ?? slice.endpoints ?? [])
    for (const slice of filling.emptied) contents.delete(slice)
    unused.push(...filling.emptied)
    fresh.push(...filling.added.map((some) => shape(ports, some)))
  }
  // A Service without endpoints has one empty slice, which says "none" rather than nothing.
  if (contents.size === 0 && fresh.length === 0) fresh.push(shape([], []))

  // A slice that is not needed any more takes what a new one would hold: one change instead of two.
  const reused: EndpointSlice[] = []
  while (unused.length > 0 && fresh.length > 0) reused.push({ ...unused.shift()!, ...fresh.pop()! })
  const kept = Array.from(contents, ([slice, endpoints]) => ({ ...slice, endpoints: [...endpoints] }))
  const labels = labelsFor(service)
  const update = [...kept, ...reused]
    .map((slice) => ({ ...slice, metadata: { ...slice.metadata, labels } }))
    .filter((slice) => !isUnchanged(slice, owned))
  const create = fresh.map((one) => ({ ...one, metadata: newMetadata(service, labels) }))
  const topology = topologyNotices(service, mine, addressType, impossible)
  return { create, update, delete: [...stale, ...unused], homeless, topology }
}

function hintedEndpoints(
  { service, zoneShares }: SliceInput,
  endpoints: readonly Endpoint[],
  impossible: string[],
): readonly Endpoint[] {
  if (!asksForTopology(service)) return withHints(service, endpoints)
  const hints = topologyHints(endpoints, zoneShares())
  if (hints.kind === "hinted") return hints.endpoints
  impossible.push(hints.why)
  return endpoints
}

/** People hear when hints begin, when they end, and why there are none though they were asked for. */
function topologyNotices(
  service: Service,
  before: readonly EndpointSlice[],
  addressType: AddressType,
  [why]: readonly string[],
): TopologyNotice[] {
  const had = before.some((slice) => slice.endpoints?.some(({ hints }) => hints !== undefined))
  const notice = (reason: TopologyNotice["reason"], text: string): TopologyNotice => ({
    type: reason === "TopologyAwareHintsEnabled" ? "Normal" : "Warning",
    reason,
    message: `${text}, addressType: ${addressType}`,
  })
  if (!asksForTopology(service)) {
    const hasOthers = service.spec.trafficDistribution !== undefined
    return had && !hasOthers
      ? [notice("TopologyAwareHintsDisabled", "Topology Aware Hints has been disabled")]
      : []
  }
  if (why !== undefined) return [notice("TopologyAwareHintsDisabled", why)]
  return had ? [] : [notice("TopologyAwareHintsEnabled", "Topology Aware Hints has been enabled")]
}

function isUnchanged(slice: EndpointSlice, present: readonly EndpointSlice[]): boolean {
  const before = present.find(({ metadata }) => metadata.uid === slice.metadata.uid)
  return (
    sameMap(slice.metadata.labels, before?.metadata.labels) &&
    semanticallyEqual(slice.endpoints, before?.endpoints) &&
    semanticallyEqual(slice.ports, before?.ports)
  )
}

interface Group {
  readonly ports: readonly EndpointPort[]
  readonly endpoints: Endpoint[]
}

/** Pods whose named ports have different numbers cannot share a slice. */
function groupByPorts({ service, pods, findNode }: SliceInput, type: AddressType) {
  const groups = new Map<string, Group>()
  const homeless: Pod[] = []
  for (const pod of pods) {
    if (!isReachable(pod)) continue
    const ports = portsOf(pod, service)
    const key = portsKey(ports)
    const group = groups.get(key) ?? { ports, endpoints: [] }
    groups.set(key, group)
    const node = pod.spec.nodeName ? findNode(pod.spec.nodeName) : undefined
    if (!node && !service.spec.publishNotReadyAddresses) homeless.push(pod)
    else if (addressesOfType(pod, type).length > 0) group.endpoints.push(endpointOf(pod, node, service, type))
  }
  return { groups, homeless }
}

function addressTypesOf({ spec }: Service): readonly AddressType[] {
  const families = (spec.ipFamilies ?? []).filter((family) => family !== "")
  return families.length > 0 ? families : ["IPv4"]
}

export function portsKey(ports: readonly EndpointPort[] | undefined): string {
  const normal = (ports ?? []).map(({ name = "", protocol = "TCP", port, appProtocol }) =>
    canonicalJson({ name, protocol, port, appProtocol }),
  )
  return normal.sort().join(";")
}

/** The Service's own labels, and three that are the controller's. */
function labelsFor({ metadata, spec }: Service): Record<string, string> {
  const { [headlessLabel]: _, ...labels } = metadata.labels ?? {}
  const isHeadless = !spec.clusterIP || spec.clusterIP === "None"
  return {
    ...labels,
    [serviceNameLabel]: metadata.name,
    [managedByLabel]: managedBy,
    ...(isHeadless && { [headlessLabel]: "" }),
  }
}

function newMetadata(service: Service, labels: Record<string, string>): Draft<EndpointSlice["metadata"]> {
  const { name, namespace } = service.metadata
  return { generateName: `${name}-`, namespace, labels, ownerReferences: [controllerReference(service)] }
}

function isOwnedBy({ metadata }: EndpointSlice, service: Service): boolean {
  return (
    metadata.ownerReferences?.some(({ uid, kind }) => uid === service.metadata.uid && kind === "Service") ===
    true
  )
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  return [items.filter(test), items.filter((item) => !test(item))]
}
