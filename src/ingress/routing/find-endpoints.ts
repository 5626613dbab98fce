import type { Service } from "../../api/core/v1/service.ts"
import type { EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts"

export interface IngressEndpoint {
  readonly host: string
  readonly port: number
}

/** The ready endpoints behind a Service's port, given by number or name; undefined when it has no such port. */
export function findEndpoints(
  service: Service,
  slices: readonly EndpointSlice[],
  port: number | string,
): IngressEndpoint[] | undefined {
  const { spec } = service
  const found = (spec.ports ?? []).find((candidate) => candidate.port === port || candidate.name === port)
  if (spec.type === "ExternalName") {
    const number = found?.port ?? (typeof port === "number" ? port : undefined)
    return number === undefined ? undefined : [{ host: spec.externalName ?? "", port: number }]
  }
  if (!found) return undefined
  return slices.flatMap(({ endpoints, ports }) => {
    const target = (ports ?? []).find(({ name }) => (name ?? "") === (found.name ?? ""))?.port
    if (!target) return []
    return (endpoints ?? [])
      .filter(({ conditions }) => conditions?.ready !== false)
      .flatMap(({ addresses }) => addresses.slice(0, 1).map((host) => ({ host, port: target })))
  })
}
