import type { Container } from "../../../api/core/v1/container.ts"
import { isSidecar } from "../../../api/core/v1/pod-resources.ts"
import type { ContainerExtendedResourceRequest, Pod } from "../../../api/core/v1/pod.ts"
import { DeviceClass } from "../../../api/resource/v1/device-class.ts"
import type { DeviceRequest } from "../../../api/resource/v1/resource-claim.ts"
import { parseQuantity } from "../../../apimachinery/quantity.ts"
import { parseTime } from "../../../apimachinery/time.ts"
import type { Cache } from "../../../client/cache.ts"
import type { Informers } from "../../../client/informers.ts"
import type { Resources } from "../../resources.ts"

// Pods may ask for devices as for any extended resource: a device class stands behind its name, and what the pod asks for
// becomes a claim of its own (https://kubernetes.io/docs/concepts/scheduling-eviction/dynamic-resource-allocation/#extended-resource).

const index = "extendedResource"
const classPrefix = "deviceclass.resource.kubernetes.io/"

/** Device classes are found by the resources they stand behind, from now on. */
export function followDeviceClasses(informers: Informers): void {
  informers.addIndex(DeviceClass, index, ({ metadata, spec }) => [
    `${classPrefix}${metadata.name}`,
    ...(spec.extendedResourceName ? [spec.extendedResourceName] : []),
  ])
}

const none: ReadonlyMap<string, DeviceClass> = new Map()

/** Of what is asked for, that which classes stand behind. Where nodes have it themselves it is not taken from devices. */
export function backedByDevices({ others }: Resources, cache: Cache): ReadonlyMap<string, DeviceClass> {
  if (others.size === 0) return none
  const backed = new Map<string, DeviceClass>()
  for (const [name, amount] of others) {
    const deviceClass = amount > 0 ? classBehind(name, cache) : undefined
    if (deviceClass) backed.set(name, deviceClass)
  }
  return backed
}

/** Of several the newest; of equals the first by name. */
function classBehind(resource: string, cache: Cache): DeviceClass | undefined {
  const madeAt = ({ metadata }: DeviceClass) => parseTime(metadata.creationTimestamp)
  return Array.from(cache.byIndex(DeviceClass, index, resource)).sort(
    (a, b) => madeAt(b) - madeAt(a) || (a.metadata.name < b.metadata.name ? -1 : 1),
  )[0]
}

export interface ExtendedPlan {
  readonly requests: readonly DeviceRequest[]
  /** Which container has which of the requests for which resource. */
  readonly mappings: readonly ContainerExtendedResourceRequest[]
}

interface Asking {
  readonly container: Container
  /** Among all containers of the pod, the init containers first. */
  readonly position: number
}

/**
 * The requests of a claim for these resources: one for each container that keeps running. Init containers that end make do
 * with what those after them will have, and share what is wanted beyond.
 */
export function planExtendedClaim({ spec }: Pod, classes: ReadonlyMap<string, DeviceClass>): ExtendedPlan {
  const inits = spec.initContainers ?? []
  const all = [...inits, ...spec.containers].map((container, position): Asking => ({ container, position }))
  const isPassing = ({ container, position }: Asking) => position < inits.length && !isSidecar(container)
  const plans = Array.from(classes)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([resource, { metadata }]) =>
      planResource(
        resource,
        metadata.name,
        all.filter((each) => !isPassing(each)),
        all.filter(isPassing),
      ),
    )
  return {
    requests: plans.flatMap(({ requests }) => requests).sort((a, b) => (a.name < b.name ? -1 : 1)),
    mappings: plans.flatMap(({ mappings }) => mappings),
  }
}

function planResource(
  resource: string,
  className: string,
  lasting: readonly Asking[],
  passing: readonly Asking[],
): ExtendedPlan {
  const mappings: ContainerExtendedResourceRequest[] = []
  const own = lasting.flatMap((asking) => {
    const count = countOf(asking, resource)
    if (count === 0) return []
    const name = requestName(asking, resource)
    mappings.push({ containerName: asking.container.name, resourceName: resource, requestName: name })
    return [{ position: asking.position, name, count }]
  })
  const beyond: { readonly container: string; readonly name: string; readonly count: number }[] = []
  for (const asking of passing) {
    const containerName = asking.container.name
    let missing = countOf(asking, resource)
    for (const { position, name, count } of own) {
      if (missing <= 0 || position < asking.position) continue
      mappings.push({ containerName, resourceName: resource, requestName: name })
      missing -= count
    }
    if (missing > 0)
      beyond.push({ container: containerName, name: requestName(asking, resource), count: missing })
  }
  const greatest = beyond.reduce<(typeof beyond)[number] | undefined>(
    (most, each) => (most && most.count >= each.count ? most : each),
    undefined,
  )
  for (const { container } of beyond)
    mappings.push({ containerName: container, resourceName: resource, requestName: greatest!.name })
  const requests = [...(greatest ? [greatest] : []), ...own].map(({ name, count }) => ({
    name,
    exactly: { deviceClassName: className, allocationMode: "ExactCount" as const, count },
  }))
  return { requests, mappings }
}

function countOf({ container }: Asking, resource: string): number {
  const wanted = container.resources?.requests?.[resource]
  return wanted === undefined ? 0 : Number(parseQuantity(wanted).nanos / 1_000_000_000n)
}

function requestName({ container, position }: Asking, resource: string): string {
  const names = Object.keys(container.resources?.requests ?? {}).sort()
  return `container-${position}-request-${names.indexOf(resource)}`
}
