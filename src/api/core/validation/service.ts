import {
  duplicateValue,
  forbiddenValue,
  invalidValue,
  requiredValue,
  unsupportedValue,
} from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { portNumberProblems } from "../../../apimachinery/names.ts"
import { validateLabels } from "../../../apimachinery/validate-object-meta.ts"
import {
  dnsLabel,
  dnsSubdomain,
  type Errors,
  oneOf,
  oneOfIfSet,
  problems,
  qualifiedName,
} from "../../validation/checks.ts"
import { ipAddress } from "../../validation/ip.ts"
import type { Service, ServicePort, ServiceSpec } from "../v1/service.ts"
import { protocols } from "./containers.ts"
import { endpointIp } from "./endpoint-ip.ts"
import { portNumberOrName } from "./probes.ts"
import { isHeadless, validateClusterIps, validateClusterIpsUpdate } from "./service-cluster-ips.ts"
import {
  validateExternalTraffic,
  validateLoadBalancer,
  validateLoadBalancerUpdate,
} from "./service-external.ts"

const path = fieldPath("spec")
const types = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]

export function* validateService(service: Service): Errors {
  const { spec } = service
  yield* topologyAnnotations(service)
  const ports = spec.ports ?? []
  if (ports.length === 0 && !isHeadless(spec) && spec.type !== "ExternalName") {
    yield requiredValue(path.child("ports"))
  }
  yield* byType(spec)
  yield* eachPort(spec, path.child("ports"))
  yield* validateLabels(spec.selector, path.child("selector"))
  yield* sessionAffinity(spec)
  yield* validateClusterIps(spec, path)
  yield* externalIps(spec.externalIPs ?? [], path.child("externalIPs"))
  yield* oneOf(spec.type, path.child("type"), types)
  yield* portsTogether(spec, path.child("ports"))
  yield* validateLoadBalancer(service, path)
  yield* validateExternalTraffic(spec, path)
  yield* internalTraffic(spec)
}

export function* validateServiceUpdate(service: Service, old: Service): Errors {
  yield* validateClusterIpsUpdate(service.spec, old.spec, path)
  yield* validateLoadBalancerUpdate(service.spec, old.spec, path)
  yield* validateService(service)
}

const hints = "service.kubernetes.io/topology-aware-hints"
const mode = "service.kubernetes.io/topology-mode"

function* topologyAnnotations({ metadata: { annotations = {} } }: Service): Errors {
  const [hintsValue, modeValue] = [annotations[hints], annotations[mode]]
  if (hintsValue === undefined || modeValue === undefined || hintsValue === modeValue) return
  const detail = `must match annotations[${hints}] when both are specified`
  yield invalidValue(fieldPath("metadata", "annotations").key(mode), modeValue, detail)
}

function* byType(spec: ServiceSpec): Errors {
  if (spec.type === "ExternalName") {
    yield* externalName(spec)
  } else if ((spec.type === "LoadBalancer" || spec.type === "NodePort") && isHeadless(spec)) {
    const detail = `may not be set to 'None' for ${spec.type} services`
    yield invalidValue(path.child("clusterIPs").index(0), spec.clusterIPs![0], detail)
  }
}

/** A name of the DNS and nothing else. */
function* externalName(spec: ServiceSpec): Errors {
  for (const name of ["clusterIPs", "ipFamilies", "ipFamilyPolicy"] as const) {
    const value = spec[name]
    if (value === undefined || value.length === 0) continue
    yield forbiddenValue(path.child(name), "may not be set for ExternalName services")
  }
  const name = spec.externalName?.replace(/\.$/, "")
  if (name) yield* dnsSubdomain(name, path.child("externalName"))
  else yield requiredValue(path.child("externalName"))
}

function* eachPort({ ports = [] }: ServiceSpec, at: FieldPath): Errors {
  const names = new Set<string>()
  for (const [index, port] of ports.entries()) {
    const entry = at.index(index)
    if (port.name) {
      yield* dnsLabel(port.name, entry.child("name"))
      if (names.has(port.name)) yield duplicateValue(entry.child("name"), port.name)
      names.add(port.name)
    } else if (ports.length > 1) yield requiredValue(entry.child("name"))
    yield* problems(port.port, entry.child("port"), portNumberProblems(port.port))
    yield* oneOf(port.protocol, entry.child("protocol"), protocols)
    yield* portNumberOrName(port.targetPort, entry.child("targetPort"))
    if (port.appProtocol !== undefined) yield* qualifiedName(port.appProtocol, entry.child("appProtocol"))
  }
}

/** Each once: ports of the Service, and ports of the nodes. */
function* portsTogether({ ports = [], type }: ServiceSpec, at: FieldPath): Errors {
  if (type === "ClusterIP") {
    for (const [index, { nodePort }] of ports.entries()) {
      if (!nodePort) continue
      yield forbiddenValue(at.index(index).child("nodePort"), "may not be used when `type` is 'ClusterIP'")
    }
  }
  const isSecond = (index: number, isSame: (a: ServicePort, b: ServicePort) => boolean) =>
    ports.slice(0, index).some((port) => isSame(port, ports[index]!))
  for (const [index, { nodePort }] of ports.entries()) {
    const isTaken = isSecond(index, (a, b) => a.protocol === b.protocol && a.nodePort === b.nodePort)
    if (nodePort && isTaken) yield duplicateValue(at.index(index).child("nodePort"), nodePort)
  }
  for (const [index, { port, protocol }] of ports.entries()) {
    const isTaken = isSecond(index, (a, b) => a.protocol === b.protocol && a.port === b.port)
    if (isTaken) yield duplicateValue(at.index(index), { port, protocol })
  }
}

const maxAffinitySeconds = 86_400

function* sessionAffinity({ sessionAffinity: affinity, sessionAffinityConfig: config }: ServiceSpec): Errors {
  yield* oneOf(affinity, path.child("sessionAffinity"), ["ClientIP", "None"])
  const at = path.child("sessionAffinityConfig")
  if (affinity === "None" && config) {
    yield forbiddenValue(at, "must not be set when session affinity is None")
  }
  if (affinity !== "ClientIP") return
  const why = "when session affinity type is ClientIP"
  const timeoutPath = at.child("clientIP", "timeoutSeconds")
  const seconds = config?.clientIP?.timeoutSeconds
  if (!config) yield requiredValue(at, why)
  else if (!config.clientIP) yield requiredValue(at.child("clientIP"), why)
  else if (seconds === undefined) yield requiredValue(timeoutPath, why)
  else if (seconds <= 0 || seconds > maxAffinitySeconds) {
    yield invalidValue(timeoutPath, seconds, `must be greater than 0 and less than ${maxAffinitySeconds}`)
  }
}

function* externalIps(addresses: readonly string[], at: FieldPath): Errors {
  for (const [index, address] of addresses.entries()) {
    const errors = [...ipAddress(address, at.index(index))]
    yield* errors.length > 0 ? errors : endpointIp(address, at.index(index))
  }
}

const distributions = ["PreferClose", "PreferSameZone", "PreferSameNode"]

function* internalTraffic({ internalTrafficPolicy, trafficDistribution, type }: ServiceSpec): Errors {
  const at = path.child("internalTrafficPolicy")
  const needsPolicy = type === "ClusterIP" || type === "NodePort" || type === "LoadBalancer"
  if (internalTrafficPolicy === undefined) {
    if (needsPolicy) yield requiredValue(at)
  } else yield* oneOfIfSet(internalTrafficPolicy, at, ["Cluster", "Local"])
  if (trafficDistribution !== undefined && !distributions.includes(trafficDistribution)) {
    yield unsupportedValue(path.child("trafficDistribution"), trafficDistribution, distributions)
  }
}
