import type { HTTPIngressPath, Ingress, IngressBackend } from "../../api/networking/v1/ingress.ts"

/** A port of a Service that requests are sent to. */
export interface RouteBackend {
  readonly namespace: string
  readonly service: string
  readonly port: number | string
}

export interface Route {
  readonly path: string
  readonly exact: boolean
  readonly backend: RouteBackend
  /** For what no rule of the host is for. */
  readonly isDefault?: boolean
}

/** The rules of all Ingresses in the order in which they are tried: what is more specific comes first. */
export interface RoutingTable {
  /** By host name, "*.example.com" for wildcards, "" for every host. */
  readonly hosts: ReadonlyMap<string, readonly Route[]>
  readonly defaultBackend: RouteBackend | undefined
}

/**
 * Of two rules for the same host and path, that of the older Ingress counts. A path that is not exact matches whole
 * elements: "/foo" is for "/foo" and "/foo/bar", not for "/foobar"
 * (https://kubernetes.io/docs/concepts/services-networking/ingress/#path-types).
 */
export function planRoutes(ingresses: readonly Ingress[]): RoutingTable {
  const hosts = new Map<string, Route[]>()
  let defaultBackend: RouteBackend | undefined
  for (const ingress of ingresses.toSorted(olderFirst)) {
    const { spec, metadata } = ingress
    const fallback = routeBackend(spec.defaultBackend, metadata.namespace)
    defaultBackend ??= fallback
    for (const { host = "", http } of spec.rules ?? []) {
      const routes = hosts.get(host.toLowerCase()) ?? []
      for (const path of http?.paths ?? []) routes.push(...planPath(path, metadata.namespace))
      // What no path of the host is for goes to the Ingress's own default.
      if (fallback) routes.push({ path: "", exact: false, backend: fallback, isDefault: true })
      hosts.set(host.toLowerCase(), routes)
    }
  }
  for (const routes of hosts.values()) routes.sort(moreSpecificFirst)
  return { hosts, defaultBackend }
}

/** The backend for a request, or undefined when no rule and no default is for it. `path` is without the query. */
export function findBackend(table: RoutingTable, host: string, path: string): RouteBackend | undefined {
  const routes = table.hosts.get(host) ?? table.hosts.get(wildcardOf(host)) ?? table.hosts.get("")
  return routes?.find((route) => matches(route, path))?.backend ?? table.defaultBackend
}

/** "*.example.com" for "www.example.com": a wildcard stands for exactly one label. */
export function wildcardOf(host: string): string {
  const dot = host.indexOf(".")
  return dot < 0 ? host : `*${host.slice(dot)}`
}

function planPath(
  { path = "/", pathType, backend }: HTTPIngressPath,
  namespace: string | undefined,
): Route[] {
  const target = routeBackend(backend, namespace)
  if (!target) return []
  const exact = pathType === "Exact"
  return [{ path: exact ? path : path.replace(/\/+$/, ""), exact, backend: target }]
}

function routeBackend(backend: IngressBackend | undefined, namespace = ""): RouteBackend | undefined {
  const { service } = backend ?? {}
  if (!service) return undefined
  return { namespace, service: service.name, port: service.port.name || (service.port.number ?? 0) }
}

function matches({ path, exact }: Route, requested: string): boolean {
  if (exact) return requested === path
  return requested.startsWith(path) && (requested.length === path.length || requested[path.length] === "/")
}

function moreSpecificFirst(a: Route, b: Route): number {
  return (
    Number(a.isDefault ?? false) - Number(b.isDefault ?? false) ||
    b.path.length - a.path.length ||
    Number(b.exact) - Number(a.exact)
  )
}

function olderFirst({ metadata: a }: Ingress, { metadata: b }: Ingress): number {
  const age = a.creationTimestamp.localeCompare(b.creationTimestamp)
  return age || `${a.namespace}/${a.name}`.localeCompare(`${b.namespace}/${b.name}`)
}
