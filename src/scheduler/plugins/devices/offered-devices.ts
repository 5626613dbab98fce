import { matchesAnyTerm } from "../../../api/core/v1/match-node-selector.ts"
import type { Node } from "../../../api/core/v1/node.ts"
import type { NodeSelector } from "../../../api/core/v1/node-selector.ts"
import { type Device, ResourceSlice } from "../../../api/resource/v1/resource-slice.ts"
import type { DeviceTaintRule } from "../../../api/resource/v1beta2/device-taint-rule.ts"
import { matchesTaintRule } from "../../../api/resource/v1beta2/matches-taint-rule.ts"
import { parseQuantity } from "../../../apimachinery/quantity.ts"
import type { Cache } from "../../../client/cache.ts"
import { counterName, deviceId } from "./ledger.ts"
import type { OfferedDevice } from "./match-device.ts"

interface Reach {
  readonly nodeName?: string | undefined
  readonly nodeSelector?: NodeSelector | undefined
  readonly allNodes?: boolean | undefined
}

/** The devices that can be used on a node, with the taints that administrators' rules give them beside their drivers'. */
export function offeredDevices(
  node: Node,
  slices: readonly ResourceSlice[],
  rules: readonly DeviceTaintRule[],
): OfferedDevice[] {
  return slices.flatMap(({ spec }) => {
    const { driver, pool, devices = [], perDeviceNodeSelection } = spec
    if (!perDeviceNodeSelection && !reaches(spec, node)) return []
    return devices
      .filter((device) => !perDeviceNodeSelection || reaches(device, node))
      .map((device) => ({ driver, pool: pool.name, device: withRules(driver, pool.name, device, rules) }))
  })
}

function withRules(driver: string, pool: string, device: Device, rules: readonly DeviceTaintRule[]): Device {
  const added = rules.filter((rule) => matchesTaintRule(rule, { driver, pool, device: device.name }))
  if (added.length === 0) return device
  return { ...device, taints: [...(device.taints ?? []), ...added.map(({ spec }) => spec.taint)] }
}

/** Every device there is, wherever: what is taken of it counts. */
export function allDevices(slices: readonly ResourceSlice[]): Map<string, OfferedDevice> {
  const devices = slices.flatMap(({ spec }) =>
    (spec.devices ?? []).map((device) => ({ driver: spec.driver, pool: spec.pool.name, device })),
  )
  return new Map(devices.map((each) => [deviceId(each), each]))
}

/** The counters of all pools, before anything is taken. */
export function sharedCounters(slices: readonly ResourceSlice[]): Map<string, bigint> {
  const counters = new Map<string, bigint>()
  for (const { spec } of slices)
    for (const set of spec.sharedCounters ?? [])
      for (const [name, { value }] of Object.entries(set.counters))
        counters.set(counterName(spec.driver, spec.pool.name, set.name, name), parseQuantity(value).nanos)
  return counters
}

/** The newest generation of each pool, and only of pools of which every slice is here. */
export function completeSlices(cache: Cache): ResourceSlice[] {
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

/**
 * Where a set of devices can be used: on the one node that one of them is on, or where all of their selectors hold, which have
 * a single term each; undefined: everywhere.
 */
export function selectorOf(devices: readonly OfferedDevice[], cache: Cache): NodeSelector | undefined {
  const slices = completeSlices(cache)
  const reaches = devices.flatMap((offered) => reachOf(offered, slices) ?? [])
  const local = reaches.find(({ nodeName }) => nodeName)
  if (local) {
    const matchFields = [{ key: "metadata.name", operator: "In" as const, values: [local.nodeName!] }]
    return { nodeSelectorTerms: [{ matchFields }] }
  }
  const terms = reaches.flatMap(({ nodeSelector }) => nodeSelector?.nodeSelectorTerms ?? [])
  const matchFields = distinct(terms.flatMap((term) => term.matchFields ?? []))
  const matchExpressions = distinct(terms.flatMap((term) => term.matchExpressions ?? []))
  if (matchFields.length + matchExpressions.length === 0) return undefined
  return {
    nodeSelectorTerms: [
      { ...(matchFields.length && { matchFields }), ...(matchExpressions.length && { matchExpressions }) },
    ],
  }
}

function reachOf(
  { driver, pool, device }: OfferedDevice,
  slices: readonly ResourceSlice[],
): Reach | undefined {
  for (const { spec } of slices) {
    if (spec.driver !== driver || spec.pool.name !== pool) continue
    const found = spec.devices?.find(({ name }) => name === device.name)
    if (found) return spec.perDeviceNodeSelection ? found : spec
  }
  return undefined
}

function distinct<T>(requirements: readonly T[]): T[] {
  return [...new Map(requirements.map((each) => [JSON.stringify(each), each])).values()]
}
