import type { APIService, APIServiceCondition } from "../../api/apiregistration/v1/api-service.ts"
import { Service } from "../../api/core/v1/service.ts"
import { EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts"
import type { Cache } from "../../client/cache.ts"

export type Verdict = Pick<APIServiceCondition, "status" | "reason" | "message">

export const local: Verdict = {
  status: "True",
  reason: "Local",
  message: "Local APIServices are always available",
}

export const passed: Verdict = { status: "True", reason: "Passed", message: "all checks passed" }

export function failedDiscoveryCheck(message: string): Verdict {
  return { status: "False", reason: "FailedDiscoveryCheck", message }
}

/** What keeps a server from being reached, as far as the cluster knows; undefined: it is worth a try. */
export function findObstacle(cache: Cache, { spec }: APIService): Verdict | undefined {
  const { namespace = "", name = "", port = 443 } = spec.service ?? {}
  const where = `service/${name} in "${namespace}"`
  const service = cache.find(Service, { namespace, name })
  if (!service) return failed("ServiceNotFound", `${where} is not present`)
  if (service.spec.type !== "ClusterIP") return undefined
  const servicePort = service.spec.ports?.find((each) => each.port === port)
  if (!servicePort) return failed("ServicePortError", `${where} is not listening on port ${port}`)
  const slices = cache.list(EndpointSlice, {
    namespace,
    where: ({ metadata }) => metadata.labels?.["kubernetes.io/service-name"] === name,
  })
  if (slices.length === 0) return failed("EndpointsNotFound", `cannot find endpointslices for ${where}`)
  const portName = servicePort.name ?? ""
  if (slices.some((slice) => isReady(slice, portName))) return undefined
  return failed(
    "MissingEndpoints",
    `endpointslices for ${where} have no addresses with port name "${portName}"`,
  )
}

function isReady({ endpoints, ports }: EndpointSlice, portName: string): boolean {
  return (
    (endpoints ?? []).some(({ conditions }) => conditions?.ready !== false) &&
    (ports ?? []).some(({ name, port }) => name === portName && port !== undefined)
  )
}

function failed(reason: string, message: string): Verdict {
  return { status: "False", reason, message }
}

/** The conditions with this verdict; undefined when it says nothing new. */
export function withAvailability(
  { status }: APIService,
  verdict: Verdict,
  now: string,
): APIServiceCondition[] | undefined {
  const conditions = status.conditions ?? []
  const old = conditions.find(({ type }) => type === "Available")
  const { reason, message } = verdict
  if (old?.status === verdict.status && old.reason === reason && old.message === message) return undefined
  const lastTransitionTime = old?.status === verdict.status ? old.lastTransitionTime : now
  const next: APIServiceCondition = { lastTransitionTime, ...verdict, type: "Available" }
  return [...conditions.filter((each) => each !== old), next]
}
