import { matchesAnyTerm } from "../../../api/core/v1/match-node-selector.ts"
import type { Node } from "../../../api/core/v1/node.ts"
import type { NodeSelector } from "../../../api/core/v1/node-selector.ts"
import { ResourceSlice } from "../../../api/resource/v1/resource-slice.ts"
import type { Cache } from "../../../client/cache.ts"
import type { OfferedDevice } from "./match-device.ts"

interface Reach {
  readonly nodeName?: string | undefined
  readonly nodeSelector?: NodeSelector | undefined
  readonly allNodes?: boolean | undefined
}

/**
 * The devices that can be used on a node, from the newest generation of each pool, and only of pools of which every slice is
 * here. Devices that share counters with others are left out: nothing here would count them.
 */
export function offeredDevices(node: Node, cache: Cache): OfferedDevice[] {
  return completeSlices(cache).flatMap(({ spec }) => {
    const { driver, pool, devices = [], perDeviceNodeSelection } = spec
    if (!perDeviceNodeSelection && !reaches(spec, node)) return []
    return devices
      .filter(
        (device) => !device.consumesCounters?.length && (!perDeviceNodeSelection || reaches(device, node)),
      )
      .map((device) => ({ driver, pool: pool.name, device }))
  })
}

function completeSlices(cache: Cache): ResourceSlice[] {
  const pools = new Map<string, ResourceSlice[]>()
  for (const slice of cache.list(ResourceSlice)) {
    const key = `${slice.spec.driver}/${slice.spec.pool.name}`
    const known = pools.get(key) ?? []
    const newest = known[0]?.spec.pool.generation ?? -1
    const { generation } = slice.spec.pool
    if (generation > newest) pools.set(key, [slice])
    else if (generation === newest) known.push(slice)
  }
  return Array.from(pools.values())
    .filter((slices) => slices.length >= slices[0]!.spec.pool.resourceSliceCount)
    .flat()
}

function reaches({ nodeName, nodeSelector, allNodes }: Reach, node: Node): boolean {
  if (nodeName) return nodeName === node.metadata.name
  if (nodeSelector) return matchesAnyTerm(nodeSelector.nodeSelectorTerms ?? [], node)
  return allNodes === true
}

/** Where else a set of devices can be used: what an allocation says of it. */
export function selectorOf(
  devices: readonly OfferedDevice[],
  node: Node,
  cache: Cache,
): NodeSelector | undefined {
  const slices = completeSlices(cache)
  const isLocal = devices.some(({ driver, pool, device }) =>
    slices.some(
      ({ spec }) =>
        spec.driver === driver &&
        spec.pool.name === pool &&
        spec.devices?.some(({ name }) => name === device.name) &&
        !(spec.allNodes ?? device.allNodes),
    ),
  )
  if (!isLocal) return undefined
  const matchFields = [{ key: "metadata.name", operator: "In" as const, values: [node.metadata.name] }]
  return { nodeSelectorTerms: [{ matchFields }] }
}
