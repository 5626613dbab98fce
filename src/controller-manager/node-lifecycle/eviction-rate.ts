import type { Zones } from "./zones.ts"

/** Nodes per second whose pods may begin to be evicted, by state of the zone. */
const ratePerSecond = 0.1
const reducedPerSecond = 0.01
/** In smaller zones a disruption stops evictions altogether. */
const largeZone = 50

/** Meters evictions: one node at once, then by the zone's rate. */
export class EvictionRate {
  readonly #nextMs = new Map<string, number>()

  /** 0 when a node of the zone may be evicted now (which uses it up), else when to ask again; undefined for not at all. */
  take(zone: string, zones: Zones, nowMs: number): number | undefined {
    const perSecond = rate(zone, zones)
    if (perSecond === 0) return undefined
    const nextMs = this.#nextMs.get(zone) ?? nowMs
    if (nextMs > nowMs) return nextMs - nowMs
    this.#nextMs.set(zone, nowMs + 1000 / perSecond)
    return 0
  }
}

function rate(zone: string, zones: Zones): number {
  if (zones.state(zone) !== "partialDisruption") return ratePerSecond
  return zones.size(zone) > largeZone ? reducedPerSecond : 0
}
