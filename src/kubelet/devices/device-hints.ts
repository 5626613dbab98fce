import { type CpuSet, intersection } from "../resource-managers/cpu-set.ts"
import { hintsFor, type TopologyHint } from "../resource-managers/topology/topology-hint.ts"

/** A device, and the NUMA nodes that it is near to; none: that does not matter. */
export interface PlacedDevice {
  readonly id: string
  readonly nodes: CpuSet
}

export interface PlacedDemand {
  readonly count: number
  /** What the container was given before. */
  readonly given: readonly string[] | undefined
  /** Of an init container of the same pod: must be among them. */
  readonly reusable: readonly string[]
}

/**
 * From which NUMA nodes so many devices of a resource can be had. Undefined: it does not matter where they are; none: they
 * cannot be had. Pure.
 *
 * @param healthy all that there are, taken or not
 * @param available those that nobody has
 */
export function deviceHints(
  healthy: readonly PlacedDevice[],
  available: readonly PlacedDevice[],
  { count, given, reusable }: PlacedDemand,
  numaNodes: readonly number[],
): readonly TopologyHint[] | undefined {
  if (healthy.every(({ nodes }) => nodes.size === 0)) return undefined
  if (given && given.length !== count) return []
  const find = (ids: readonly string[]) => healthy.filter(({ id }) => ids.includes(id))
  const again = find(given ?? reusable)
  const others = given ? [] : available.filter(({ id }) => !reusable.includes(id))
  if (again.length + others.length < count) return []
  return hintsFor(numaNodes, (chosen) => {
    const near = (devices: readonly PlacedDevice[]) =>
      devices.filter(({ nodes }) => nodes.size === 0 || intersection(nodes, chosen).size > 0).length
    return {
      ever: near(healthy) >= count,
      now: near(again) === again.length && near(again) + near(others) >= count,
    }
  })
}

/** The available devices in the order in which they are given: near ones, those far away, those that are nowhere. Pure. */
export function nearestFirst(
  available: readonly string[],
  devices: readonly PlacedDevice[],
  affinity: CpuSet | undefined,
): { readonly near: readonly string[]; readonly rest: readonly string[] } {
  if (!affinity) return { near: [], rest: available }
  const nodesOf = (id: string) => devices.find((device) => device.id === id)?.nodes ?? new Set<number>()
  const near = available.filter((id) => intersection(nodesOf(id), affinity).size > 0)
  const far = available.filter((id) => nodesOf(id).size > 0 && !near.includes(id))
  const nowhere = available.filter((id) => nodesOf(id).size === 0)
  return { near, rest: [...far, ...nowhere] }
}
