import { describe, expect, it } from "vitest"
import type { Node } from "../../api/core/v1/node.ts"
import type { Endpoint } from "../../api/discovery/v1/endpoint-slice.ts"
import { topologyHints } from "./topology-hints.ts"
import { computeZoneShares } from "./zone-shares.ts"

function endpoints(zones: Record<string, number>): Endpoint[] {
  return Object.entries(zones).flatMap(([zone, count]) =>
    Array.from({ length: count }, (_, index) => ({
      addresses: [`10.0.0.${index}`],
      conditions: { ready: true },
      ...(zone && { zone }),
    })),
  )
}

function hinted(
  zones: Record<string, number>,
  shares: Record<string, number>,
): Record<string, number> | string {
  const result = topologyHints(endpoints(zones), new Map(Object.entries(shares)))
  if (result.kind === "impossible") return result.why
  const counts: Record<string, number> = {}
  for (const { hints } of result.endpoints) {
    const { name } = hints!.forZones![0]!
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}

describe("topology hints", () => {
  it("leave endpoints to their own zones where that is fair", () => {
    expect(hinted({ a: 3, b: 3 }, { a: 0.5, b: 0.5 })).toEqual({ a: 3, b: 3 })
  })

  it("move endpoints from zones that have too many", () => {
    expect(hinted({ a: 5, b: 1 }, { a: 0.5, b: 0.5 })).toEqual({ a: 3, b: 3 })
    expect(hinted({ a: 8 }, { a: 0.5, b: 0.25, c: 0.25 })).toEqual({ a: 4, b: 2, c: 2 })
  })

  it("are not given where some zone would suffer", () => {
    expect(hinted({ a: 1 }, { a: 0.5, b: 0.5 })).toBe(
      "Insufficient number of endpoints (1 endpoints, 2 zones)",
    )
    expect(hinted({ a: 2, b: 1 }, { a: 0.5, b: 0.5 })).toBe(
      "Unable to allocate minimum required endpoints to each zone without exceeding overload threshold (3 endpoints, 2 zones)",
    )
    expect(hinted({ a: 3, "": 3 }, { a: 0.5, b: 0.5 })).toBe(
      "One or more endpoints do not have a zone specified",
    )
  })
})

describe("zones' shares", () => {
  const node = (zone: string | undefined, cpu: string, ready = "True") =>
    ({
      metadata: { name: "n", labels: zone ? { "topology.kubernetes.io/zone": zone } : {} },
      status: { allocatable: { cpu }, conditions: [{ type: "Ready", status: ready }] },
    }) as unknown as Node

  it("are those of the ready nodes' CPUs", () => {
    const shares = computeZoneShares([
      node("a", "3"),
      node("b", "500m"),
      node("b", "500m"),
      node("b", "9", "False"),
    ])
    expect(shares).toEqual(
      new Map([
        ["a", 0.75],
        ["b", 0.25],
      ]),
    )
  })

  it("cannot be said of one zone, or when a node tells no zone", () => {
    expect(computeZoneShares([node("a", "3")])).toBeUndefined()
    expect(computeZoneShares([node("a", "3"), node("b", "3"), node(undefined, "1")])).toBeUndefined()
  })
})
