import type { NodeView } from "./node-view.ts"
import type { ServiceEndpoint } from "./service-endpoint.ts"

/** Which endpoints of a Service's port get traffic that arrives at this node. */
export interface SelectedEndpoints {
  /** For the traffic policy "Cluster". */
  readonly cluster: readonly ServiceEndpoint[]
  /** For the traffic policy "Local": those on this node. */
  readonly local: readonly ServiceEndpoint[]
  /** Somewhere in the cluster there is one, though perhaps not for traffic from here. */
  readonly any: boolean
}

/**
 * Ready endpoints, preferably close ones. Where no endpoint is ready, those that are terminating but still answer:
 * better than an error while the last pods of a Service are on their way out (KEP-1669).
 */
export function selectEndpoints(endpoints: readonly ServiceEndpoint[], node: NodeView): SelectedEndpoints {
  const close = closeness(endpoints, node)
  const cluster = readyOrLeaving(endpoints, (endpoint) => endpoint.ready && close(endpoint), everywhere)
  const local = readyOrLeaving(
    endpoints,
    (endpoint) => endpoint.ready && endpoint.local,
    (endpoint) => endpoint.local,
  )
  return { cluster, local, any: endpoints.some((endpoint) => endpoint.ready || leaving(endpoint)) }
}

type Test = (endpoint: ServiceEndpoint) => boolean

const everywhere: Test = () => true

function readyOrLeaving(
  endpoints: readonly ServiceEndpoint[],
  preferred: Test,
  reachable: Test,
): ServiceEndpoint[] {
  const ready = endpoints.filter(preferred)
  if (ready.length > 0) return ready
  return endpoints.filter((endpoint) => leaving(endpoint) && reachable(endpoint))
}

function leaving(endpoint: ServiceEndpoint): boolean {
  return endpoint.serving && endpoint.terminating
}

/**
 * The hints of the EndpointSlices (KEP-2433, KEP-3015) hold if every ready endpoint has one and at least one of them is
 * meant for us; node before zone. Otherwise every endpoint is close: traffic everywhere is better than traffic nowhere.
 */
function closeness(endpoints: readonly ServiceEndpoint[], { nodeName, zone }: NodeView): Test {
  const ready = endpoints.filter((endpoint) => endpoint.ready)
  for (const [place, hintsOf] of [
    [nodeName, (endpoint: ServiceEndpoint) => endpoint.nodeHints],
    [zone, (endpoint: ServiceEndpoint) => endpoint.zoneHints],
  ] as const) {
    const isHere: Test = (endpoint) => place !== undefined && hintsOf(endpoint).includes(place)
    if (ready.every((endpoint) => hintsOf(endpoint).length > 0) && ready.some(isHere)) return isHere
  }
  return everywhere
}
