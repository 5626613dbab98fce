import { invalidValue, requiredValue, unsupportedValue } from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import {
  dnsSubdomainProblems,
  pathSegmentProblems,
  portNameProblems,
  portNumberProblems,
  wildcardDnsSubdomainProblems,
} from "../../../apimachinery/names.ts"
import { parseIp } from "../../../base/ip-address.ts"
import type { TypedLocalObjectReference } from "../../core/v1/object-reference.ts"
import { hostName } from "../../core/validation/load-balancer-status.ts"
import { dnsLabel, dnsSubdomain, type Errors, problems } from "../../validation/checks.ts"
import { ipAddress } from "../../validation/ip.ts"
import type { HTTPIngressPath, Ingress, IngressBackend, IngressSpec, IngressTLS } from "../v1/ingress.ts"

const path = fieldPath("spec")
const classAnnotation = "kubernetes.io/ingress.class"

export function* validateIngress({ metadata, spec }: Ingress): Errors {
  yield* validateSpec(spec)
  const annotation = metadata.annotations?.[classAnnotation]
  if (annotation === undefined || spec.ingressClassName === undefined) return
  if (annotation === spec.ingressClassName) return
  const detail = "must match `ingressClassName` when both are specified"
  yield invalidValue(fieldPath("annotations").child(classAnnotation), annotation, detail)
}

export function* validateIngressUpdate({ spec }: Ingress): Errors {
  yield* validateSpec(spec)
}

function* validateSpec({ rules = [], defaultBackend, tls = [], ingressClassName }: IngressSpec): Errors {
  if (rules.length === 0 && !defaultBackend) {
    yield invalidValue(path, null, "either `defaultBackend` or `rules` must be specified")
  }
  if (defaultBackend) yield* backend(defaultBackend, path.child("defaultBackend"))
  for (const [index, { host, http }] of rules.entries()) {
    const at = path.child("rules").index(index)
    if (host) yield* ruleHost(host, at.child("host"))
    if (!http) continue
    const pathsPath = at.child("http", "paths")
    const paths = http.paths ?? []
    if (paths.length === 0) yield requiredValue(pathsPath)
    for (const [position, each] of paths.entries()) yield* httpPath(each, pathsPath.index(position))
  }
  for (const [index, each] of tls.entries()) yield* certificate(each, path.child("tls").index(index))
  if (ingressClassName !== undefined) yield* dnsSubdomain(ingressClassName, path.child("ingressClassName"))
}

function* ruleHost(host: string, at: FieldPath): Errors {
  if (parseIp(host)) yield invalidValue(at, host, "must be a DNS name, not an IP address")
  yield* hostPattern(host, at)
}

/** A name, or one whose first label is a star. */
function* hostPattern(host: string, at: FieldPath): Errors {
  const rule = host.includes("*") ? wildcardDnsSubdomainProblems : dnsSubdomainProblems
  yield* problems(host, at, rule(host))
}

function* certificate({ hosts = [], secretName }: IngressTLS, at: FieldPath): Errors {
  for (const [index, host] of hosts.entries()) yield* hostPattern(host, at.child("hosts").index(index))
  if (secretName) yield* dnsSubdomain(secretName, at.child("secretName"))
}

const pathTypes = ["Exact", "ImplementationSpecific", "Prefix"]
const oddSequences = ["//", "/./", "/../", "%2f", "%2F"]
const oddEndings = ["/..", "/."]

function* httpPath({ path: target = "", pathType, backend: to }: HTTPIngressPath, at: FieldPath): Errors {
  if (pathType === undefined) {
    yield requiredValue(at.child("pathType"), "pathType must be specified")
    return
  }
  const targetPath = at.child("path")
  if (!pathTypes.includes(pathType)) {
    yield unsupportedValue(at.child("pathType"), pathType, pathTypes)
  } else if (!target.startsWith("/") && (target !== "" || pathType !== "ImplementationSpecific")) {
    yield invalidValue(targetPath, target, "must be an absolute path")
  }
  if (pathType === "Exact" || pathType === "Prefix") {
    for (const part of oddSequences) {
      if (target.includes(part)) yield invalidValue(targetPath, target, `must not contain '${part}'`)
    }
    for (const part of oddEndings) {
      if (target.endsWith(part)) yield invalidValue(targetPath, target, `cannot end with '${part}'`)
    }
  }
  yield* backend(to, at.child("backend"))
}

function* backend({ resource, service }: IngressBackend, at: FieldPath): Errors {
  if (resource && service) yield invalidValue(at, "", "cannot set both resource and service backends")
  else if (resource) yield* reference(resource, at.child("resource"))
  else if (!service) yield invalidValue(at, "", "resource or service backend is required")
  else {
    const namePath = at.child("service", "name")
    if (service.name) yield* dnsLabel(service.name, namePath)
    else yield requiredValue(namePath)
    const { name, number } = service.port ?? {}
    const portPath = at.child("service", "port")
    if (name && number) yield invalidValue(at, "", "cannot set both port name & port number")
    else if (name) yield* problems(name, portPath.child("name"), portNameProblems(name))
    else if (number) yield* problems(number, portPath.child("number"), portNumberProblems(number))
    else yield requiredValue(at, "port name or number is required")
  }
}

type Reference = Pick<TypedLocalObjectReference, "apiGroup" | "kind" | "name">

export function* reference({ apiGroup, kind, name }: Reference, at: FieldPath): Errors {
  if (typeof apiGroup === "string") yield* dnsSubdomain(apiGroup, at.child("apiGroup"))
  for (const [field, value] of Object.entries({ kind, name })) {
    if (value) yield* problems(value, at.child(field), pathSegmentProblems(value))
    else yield requiredValue(at.child(field))
  }
}

export function* validateIngressStatusUpdate({ status }: Ingress): Errors {
  const points = status.loadBalancer?.ingress ?? []
  for (const [index, { ip, hostname }] of points.entries()) {
    const at = fieldPath("status", "loadBalancer", "ingress").index(index)
    if (ip) yield* ipAddress(ip, at.child("ip"))
    yield* hostName(hostname, at.child("hostname"))
  }
}

export function* ingressWarnings({ metadata, spec }: Ingress, old: Ingress | undefined): Iterable<string> {
  if (old || metadata.annotations?.[classAnnotation] === undefined || spec.ingressClassName !== undefined)
    return
  yield `annotation "${classAnnotation}" is deprecated, please use 'spec.ingressClassName' instead`
}
