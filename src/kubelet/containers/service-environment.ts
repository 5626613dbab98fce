import type { Service, ServicePort } from "../../api/core/v1/service.ts"

/**
 * The variables that tell a container of the Services around it, in the form Docker's links had:
 * REDIS_SERVICE_HOST, REDIS_SERVICE_PORT, REDIS_PORT, REDIS_PORT_6379_TCP, ... Headless Services have none.
 */
export function serviceEnvironment(services: readonly Service[]): Record<string, string> {
  const variables: Record<string, string> = {}
  for (const { metadata, spec } of services) {
    const { clusterIP = "", ports = [] } = spec
    const [first] = ports
    if (clusterIP === "" || clusterIP === "None" || !first) continue
    const name = variableName(metadata.name)
    variables[`${name}_SERVICE_HOST`] = clusterIP
    variables[`${name}_SERVICE_PORT`] = String(first.port)
    for (const port of ports) {
      if (port.name) variables[`${name}_SERVICE_PORT_${variableName(port.name)}`] = String(port.port)
    }
    variables[`${name}_PORT`] = url(first, clusterIP)
    for (const port of ports) {
      const prefix = `${name}_PORT_${port.port}_${protocolOf(port).toUpperCase()}`
      variables[prefix] = url(port, clusterIP)
      variables[`${prefix}_PROTO`] = protocolOf(port)
      variables[`${prefix}_PORT`] = String(port.port)
      variables[`${prefix}_ADDR`] = clusterIP
    }
  }
  return variables
}

/**
 * The Services whose variables a pod gets: those of its own namespace if it wants them, and always the API server's
 * (`kubernetes` in `default`), unless its own namespace has one of that name.
 */
export function servicesForPod(
  services: readonly Service[],
  namespace: string,
  enableServiceLinks: boolean,
): readonly Service[] {
  const chosen = new Map<string, Service>()
  for (const service of services) {
    const { name, namespace: where } = service.metadata
    const isApiServer = where === "default" && name === "kubernetes"
    if (where === namespace && (enableServiceLinks || isApiServer)) chosen.set(name, service)
    else if (isApiServer && !chosen.has(name)) chosen.set(name, service)
  }
  return [...chosen.values()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
}

function variableName(name: string): string {
  return name.toUpperCase().replaceAll("-", "_")
}

function protocolOf(port: ServicePort): string {
  return (port.protocol ?? "TCP").toLowerCase()
}

function url(port: ServicePort, host: string): string {
  return `${protocolOf(port)}://${host.includes(":") ? `[${host}]` : host}:${port.port}`
}
