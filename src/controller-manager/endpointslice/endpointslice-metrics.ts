import type { Service } from "../../api/core/v1/service.ts"
import type { EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts"
import type { Draft } from "../../apimachinery/meta.ts"
import {
  Counter,
  exponentialBounds,
  gauge,
  Histogram,
  type Metric,
  usualSeconds,
} from "../../base/metrics.ts"
import { portsKey, type SlicePlan } from "./plan.ts"
import { asksForTopology } from "./topology-hints.ts"

const prefix = "endpoint_slice_controller"
const counts = exponentialBounds(2, 2, 15)

/** What a Service has in slices, and in how few it would fit. */
export interface SliceFigures {
  readonly endpoints: number
  readonly slices: number
  readonly desired: number
  readonly trafficDistribution: string | undefined
}

export interface SliceChange {
  readonly service: Service
  readonly existing: readonly EndpointSlice[]
  readonly plan: SlicePlan
  readonly maxPerSlice: number
}

type Slice = EndpointSlice | Draft<EndpointSlice>

/** What the controller counts of the slices it keeps, under upstream's names. */
export class EndpointSliceMetrics {
  readonly #services = new Map<string, SliceFigures>()
  readonly #added = new Histogram(
    {
      name: `${prefix}_endpoints_added_per_sync`,
      help: "[BETA] Number of endpoints added on each Service sync",
    },
    counts,
  )
  readonly #removed = new Histogram(
    {
      name: `${prefix}_endpoints_removed_per_sync`,
      help: "[BETA] Number of endpoints removed on each Service sync",
    },
    counts,
  )
  readonly #changes = new Counter({
    name: `${prefix}_changes`,
    help: "[ALPHA] Number of EndpointSlice changes",
    labels: ["operation"],
  })
  readonly #changed = new Histogram(
    {
      name: `${prefix}_endpointslices_changed_per_sync`,
      help: "[ALPHA] Number of EndpointSlices changed on each Service sync",
      labels: ["topology", "traffic_distribution"],
    },
    usualSeconds,
  )
  readonly #syncs = new Counter({
    name: `${prefix}_syncs`,
    help: "[ALPHA] Number of EndpointSlice syncs",
    labels: ["result"],
  })

  get all(): readonly Metric[] {
    const total = (name: string, help: string, of: (figures: SliceFigures) => number) =>
      gauge({ name: `${prefix}_${name}`, help }, () => [
        [[...this.#services.values()].reduce((sum, figures) => sum + of(figures), 0)],
      ])
    return [
      this.#added,
      this.#removed,
      total("endpoints_desired", "[BETA] Number of endpoints desired", ({ endpoints }) => endpoints),
      total("num_endpoint_slices", "[BETA] Number of EndpointSlices", ({ slices }) => slices),
      total(
        "desired_endpoint_slices",
        "[BETA] Number of EndpointSlices that would exist with perfect endpoint allocation",
        ({ desired }) => desired,
      ),
      gauge(
        {
          name: `${prefix}_services_count_by_traffic_distribution`,
          help: "[BETA] Number of Services using some specific trafficDistribution",
          labels: ["traffic_distribution"],
        },
        () => this.#byDistribution(),
      ),
      this.#changes,
      this.#changed,
      this.#syncs,
    ]
  }

  synced(isGood: boolean): void {
    this.#syncs.add(1, isGood ? "success" : "error")
  }

  /** A Service's slices are as planned now. */
  applied({ service, existing, plan, maxPerSlice }: SliceChange): void {
    const { namespace, name } = service.metadata
    const { trafficDistribution } = service.spec
    this.#services.set(`${namespace}/${name}`, {
      ...figuresOf(resultOf(existing, plan), maxPerSlice),
      trafficDistribution,
    })
    const { added, removed } = countEndpoints(existing, plan)
    this.#added.observe(added)
    this.#removed.observe(removed)
    for (const operation of ["create", "update", "delete"] as const)
      if (plan[operation].length > 0) this.#changes.add(plan[operation].length, operation)
    const changed = plan.create.length + plan.update.length + plan.delete.length
    this.#changed.observe(changed, asksForTopology(service) ? "Auto" : "Disabled", trafficDistribution ?? "")
  }

  forget(namespace: string, name: string): void {
    this.#services.delete(`${namespace}/${name}`)
  }

  #byDistribution(): readonly (readonly [number, string])[] {
    const found = new Map<string, number>()
    for (const { trafficDistribution } of this.#services.values())
      if (trafficDistribution) found.set(trafficDistribution, (found.get(trafficDistribution) ?? 0) + 1)
    return [...found].map(([distribution, count]) => [count, distribution])
  }
}

function resultOf(existing: readonly EndpointSlice[], plan: SlicePlan): readonly Slice[] {
  const gone = new Set([...plan.delete, ...plan.update].map(({ metadata }) => metadata.name))
  return [...existing.filter(({ metadata }) => !gone.has(metadata.name)), ...plan.update, ...plan.create]
}

function figuresOf(slices: readonly Slice[], maxPerSlice: number) {
  const byPorts = new Map<string, number>()
  for (const { addressType, ports, endpoints } of slices) {
    const key = `${addressType} ${portsKey(ports as EndpointSlice["ports"])}`
    byPorts.set(key, (byPorts.get(key) ?? 0) + (endpoints?.length ?? 0))
  }
  const endpoints = [...byPorts.values()].reduce((sum, count) => sum + count, 0)
  const needed = [...byPorts.values()].reduce((sum, count) => sum + Math.ceil(count / maxPerSlice), 0)
  // A Service without endpoints has an empty slice.
  return { endpoints, slices: slices.length, desired: Math.max(1, needed) }
}

/** Of the slices that change alone: what stays where it is costs nothing. */
function countEndpoints(
  existing: readonly EndpointSlice[],
  plan: SlicePlan,
): { readonly added: number; readonly removed: number } {
  const touched = new Set([...plan.update, ...plan.delete].map(({ metadata }) => metadata.name))
  const before = placesOf(existing.filter(({ metadata }) => touched.has(metadata.name)))
  const after = placesOf([...plan.update, ...plan.create])
  return { added: countOthers(after, before), removed: countOthers(before, after) }
}

function placesOf(slices: readonly Slice[]): ReadonlySet<string> {
  return new Set(
    slices.flatMap(({ addressType, ports, endpoints = [] }) => {
      const key = `${addressType} ${portsKey(ports as EndpointSlice["ports"])}`
      return (endpoints ?? []).map(({ addresses = [] }) => `${key} ${addresses[0]}`)
    }),
  )
}

function countOthers(some: ReadonlySet<string>, others: ReadonlySet<string>): number {
  let count = 0
  for (const each of some) if (!others.has(each)) count++
  return count
}
