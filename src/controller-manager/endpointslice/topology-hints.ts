import type { Service } from "../../api/core/v1/service.ts"
import type { Endpoint } from "../../api/discovery/v1/endpoint-slice.ts"

/** How much more than its part a zone's endpoints may have to carry. */
const overload = 0.2

/** Whether the Service asks for zones to serve themselves, in proportion to their CPUs. */
export function asksForTopology({ metadata }: Service): boolean {
  const mode =
    metadata.annotations?.["service.kubernetes.io/topology-aware-hints"] ??
    metadata.annotations?.["service.kubernetes.io/topology-mode"]
  return mode === "Auto" || mode === "auto"
}

export type TopologyHints =
  | { readonly kind: "hinted"; readonly endpoints: readonly Endpoint[] }
  /** Hints would do harm: some zone would be overloaded, or get nothing. */
  | { readonly kind: "impossible"; readonly why: string }

/**
 * Gives every zone as many of the ready endpoints as are its part by CPUs: its own first, then those of zones that have more
 * than they need (https://kubernetes.io/docs/concepts/services-networking/topology-aware-routing/#how-it-works).
 *
 * Two zones with half of the CPUs each, five endpoints in one and one in the other: two of the five are for the other zone.
 */
export function topologyHints(
  endpoints: readonly Endpoint[],
  shares: ReadonlyMap<string, number> | undefined,
): TopologyHints {
  const ready = endpoints.filter(({ conditions }) => conditions.ready)
  const why = whyImpossible(ready, shares)
  if (why !== undefined || !shares) return { kind: "impossible", why: why ?? "" }
  const counts = new Map<string, number>()
  for (const { zone } of ready) counts.set(zone!, (counts.get(zone!) ?? 0) + 1)
  const moves = planMoves(shares, counts, ready.length)
  const hinted = endpoints.map((endpoint) => {
    if (!endpoint.conditions.ready) return endpoint
    const zone = moves.get(endpoint.zone!)?.shift() ?? endpoint.zone!
    return { ...endpoint, hints: { forZones: [{ name: zone }] } }
  })
  return { kind: "hinted", endpoints: hinted }
}

function whyImpossible(
  ready: readonly Endpoint[],
  shares: ReadonlyMap<string, number> | undefined,
): string | undefined {
  if (!shares)
    return "Insufficient Node information: allocatable CPU or zone not specified on one or more nodes"
  const numbers = `(${ready.length} endpoints, ${shares.size} zones)`
  if (shares.size > ready.length) return `Insufficient number of endpoints ${numbers}`
  const least = [...shares.values()].map((share) => Math.ceil((share * ready.length) / (1 + overload)))
  if (least.reduce((sum, each) => sum + each, 0) > ready.length)
    return `Unable to allocate minimum required endpoints to each zone without exceeding overload threshold ${numbers}`
  if (ready.some(({ zone }) => !zone)) return "One or more endpoints do not have a zone specified"
  return undefined
}

/** For each zone that has too many, to which zones they go. */
function planMoves(
  shares: ReadonlyMap<string, number>,
  counts: ReadonlyMap<string, number>,
  total: number,
): Map<string, string[]> {
  const surplus = new Map<string, number>()
  for (const [zone, share] of shares) {
    const least = Math.ceil((share * total) / (1 + overload))
    surplus.set(zone, (counts.get(zone) ?? 0) - Math.max(share * total, least))
  }
  const moves = new Map<string, string[]>()
  for (;;) {
    const [giver, given] = extreme(surplus, 1)
    const [taker, taken] = extreme(surplus, -1)
    if (Math.max(given, taken) < 1 || Math.min(given, taken) < 0.5) return moves
    surplus.set(giver, surplus.get(giver)! - 1)
    surplus.set(taker, surplus.get(taker)! + 1)
    moves.set(giver, [...(moves.get(giver) ?? []), taker])
  }
}

/** The zone with the most to give (sign 1) or the most to need (-1), and how much; ties go by name. */
function extreme(surplus: ReadonlyMap<string, number>, sign: 1 | -1): [string, number] {
  const sorted = [...surplus].sort(([a, x], [b, y]) => sign * (y - x) || (a < b ? -1 : 1))
  const [zone, amount] = sorted[0]!
  return [zone, sign * amount]
}
