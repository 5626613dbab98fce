import type { Service } from "../../api/core/v1/service.ts"
import type { Endpoint } from "../../api/discovery/v1/endpoint-slice.ts"

/**
 * Tells proxies which endpoints to prefer where, by `spec.trafficDistribution`
 * (https://kubernetes.io/docs/concepts/services-networking/service/#traffic-distribution). As long as one ready endpoint
 * has no zone (or node), none gets a hint: proxies would send it no traffic.
 */
export function withHints(service: Service, endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const distribution = service.spec.trafficDistribution
  const ready = endpoints.filter(({ conditions }) => conditions.ready)
  switch (distribution) {
    case "PreferClose":
    case "PreferSameZone":
      if (ready.some(({ zone }) => !zone)) return endpoints
      return endpoints.map((endpoint) => hint(endpoint, false))
    case "PreferSameNode":
      if (ready.some(({ nodeName }) => !nodeName)) return endpoints
      return endpoints.map((endpoint) => hint(endpoint, true))
    default:
      return endpoints
  }
}

function hint(endpoint: Endpoint, byNode: boolean): Endpoint {
  const { conditions, zone, nodeName } = endpoint
  if (!conditions.ready) return endpoint
  const hints = {
    ...(zone && { forZones: [{ name: zone }] }),
    ...(byNode && nodeName && { forNodes: [{ name: nodeName }] }),
  }
  return Object.keys(hints).length > 0 ? { ...endpoint, hints } : endpoint
}
