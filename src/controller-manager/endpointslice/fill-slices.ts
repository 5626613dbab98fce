import type { Endpoint, EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts"
import { semanticallyEqual } from "../shared/semantically-equal.ts"

/** How the endpoints with the same ports are spread over slices. */
export interface Filling {
  /** Existing slices with other contents than now. */
  readonly changed: ReadonlyMap<EndpointSlice, readonly Endpoint[]>
  readonly emptied: readonly EndpointSlice[]
  /** Contents of new slices. */
  readonly added: readonly (readonly Endpoint[])[]
}

/**
 * Every change of a slice is sent to every node, so as few slices as possible change, at the price of not being full
 * (https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#distribution-of-endpointslices):
 * 1. take out of each slice what is no longer wanted, and update what has changed;
 * 2. fill up the slices that change anyway;
 * 3. put the rest into one untouched slice that has room for all of it, else into new ones.
 */
export function fillSlices(
  existing: readonly EndpointSlice[],
  wanted: readonly Endpoint[],
  maxPerSlice: number,
): Filling {
  const left = new Map(wanted.map((endpoint) => [identity(endpoint), endpoint]))
  const changed = new Map<EndpointSlice, Endpoint[]>()
  const emptied: EndpointSlice[] = []
  const untouched: EndpointSlice[] = []
  for (const slice of existing) {
    const before = slice.endpoints ?? []
    const after = keepWanted(before, left)
    if (semanticallyEqual(before, after)) untouched.push(slice)
    else if (after.length === 0) emptied.push(slice)
    else changed.set(slice, after)
  }

  const fullestFirst = Array.from(changed.values()).sort((a, b) => b.length - a.length)
  for (const contents of fullestFirst) moveInto(contents, left, maxPerSlice)

  const added: Endpoint[][] = []
  while (left.size > 0) {
    const roomy = left.size < maxPerSlice ? tightestFit(untouched, left.size, maxPerSlice) : undefined
    const contents = [...(roomy?.endpoints ?? [])]
    moveInto(contents, left, maxPerSlice)
    if (roomy) changed.set(roomy, contents)
    else added.push(contents)
  }
  return { changed, emptied, added }
}

function keepWanted(present: readonly Endpoint[], left: Map<string, Endpoint>): Endpoint[] {
  const kept: Endpoint[] = []
  for (const endpoint of present) {
    const id = identity(endpoint)
    const wanted = left.get(id)
    if (!wanted) continue
    kept.push(wanted)
    left.delete(id)
  }
  return kept
}

function moveInto(contents: Endpoint[], left: Map<string, Endpoint>, maxPerSlice: number): void {
  for (const [id, endpoint] of left) {
    if (contents.length >= maxPerSlice) return
    contents.push(endpoint)
    left.delete(id)
  }
}

function tightestFit(
  slices: readonly EndpointSlice[],
  count: number,
  maxPerSlice: number,
): EndpointSlice | undefined {
  const size = (slice: EndpointSlice) => slice.endpoints?.length ?? 0
  return slices
    .filter((slice) => size(slice) + count <= maxPerSlice)
    .reduce<EndpointSlice | undefined>(
      (best, slice) => (best && size(best) >= size(slice) ? best : slice),
      undefined,
    )
}

/** What makes two endpoints the same, whatever their state: the pod and its addresses. */
function identity({ addresses, targetRef }: Endpoint): string {
  return [targetRef?.uid, ...addresses].join(",")
}
