import type { Service, ServicePort, ServiceSpec } from "../../../api/core/v1/service.ts"
import type { KubeObject } from "../../../apimachinery/meta.ts"

export const headless = "None"

export function asService(object: KubeObject): Service {
  return object as unknown as Service
}

export function needsClusterIp({ type }: ServiceSpec): boolean {
  return type === "ClusterIP" || type === "NodePort" || type === "LoadBalancer"
}

export function needsNodePorts({ type }: ServiceSpec): boolean {
  return type === "NodePort" || type === "LoadBalancer"
}

/** A load balancer that must find out which nodes have a pod asks each of them at this port. */
export function needsHealthCheckPort({ type, externalTrafficPolicy }: ServiceSpec): boolean {
  return type === "LoadBalancer" && externalTrafficPolicy === "Local"
}

export function isHeadless({ clusterIP, clusterIPs }: ServiceSpec): boolean {
  return clusterIP === headless || clusterIPs?.[0] === headless
}

/** Every port of every node that a service has taken. */
export function nodePortsOf(spec: ServiceSpec): number[] {
  const ports = (spec.ports ?? []).map(({ nodePort }: ServicePort) => nodePort ?? 0)
  return [...ports, spec.healthCheckNodePort ?? 0].filter((port) => port !== 0)
}

export function sameStrings(a: readonly string[] = [], b: readonly string[] = []): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index])
}
