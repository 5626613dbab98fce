import type { ServiceSpec } from "../../../api/core/v1/service.ts"
import { isExternallyAccessible } from "../../../api/core/v1/service.ts"
import { needsClusterIp, needsHealthCheckPort, needsNodePorts, sameStrings } from "./service-spec.ts"

/**
 * A change of type takes with it what only the old type had, so that `kubectl patch` of the type alone is a valid change.
 * What the writer changed on purpose stays, and is judged by the validation. Changes `spec` in place.
 */
export function dropFieldsOfOldType(spec: ServiceSpec, old: ServiceSpec): void {
  if (needsClusterIp(old) && !needsClusterIp(spec)) dropClusterIps(spec, old)
  if (needsNodePorts(old) && !needsNodePorts(spec) && sameNodePorts(spec, old)) {
    for (const port of spec.ports ?? []) delete port.nodePort
  }
  if (needsHealthCheckPort(old) && !needsHealthCheckPort(spec)) {
    if (spec.healthCheckNodePort === old.healthCheckNodePort) delete spec.healthCheckNodePort
  }
  if (old.type === "LoadBalancer" && spec.type !== "LoadBalancer") {
    dropIfSame(spec, old, "allocateLoadBalancerNodePorts")
    dropIfSame(spec, old, "loadBalancerClass")
  }
  if (isExternallyAccessible(old) && !isExternallyAccessible(spec)) {
    dropIfSame(spec, old, "externalTrafficPolicy")
  }
}

function dropClusterIps(spec: ServiceSpec, old: ServiceSpec): void {
  if (sameStrings(spec.clusterIPs, old.clusterIPs)) {
    delete spec.clusterIP
    delete spec.clusterIPs
  }
  if (sameStrings(spec.ipFamilies, old.ipFamilies)) delete spec.ipFamilies
  dropIfSame(spec, old, "ipFamilyPolicy")
}

function dropIfSame(spec: ServiceSpec, old: ServiceSpec, field: keyof ServiceSpec): void {
  if (spec[field] === old[field]) delete spec[field]
}

function sameNodePorts(spec: ServiceSpec, old: ServiceSpec): boolean {
  const numbers = ({ ports = [] }: ServiceSpec) => new Set(ports.map(({ nodePort = 0 }) => nodePort))
  const before = numbers(old)
  return [...numbers(spec)].every((port) => before.has(port))
}
