import { forbiddenValue, invalidValue, requiredValue } from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { portNumberProblems } from "../../../apimachinery/names.ts"
import { type Errors, oneOf, problems, qualifiedName } from "../../validation/checks.ts"
import { ipNetwork } from "../../validation/ip.ts"
import type { Service, ServiceSpec } from "../v1/service.ts"
import { validateLoadBalancerStatus } from "./load-balancer-status.ts"

// How a Service is reached from outside the cluster.

const sourceRangesAnnotation = "service.beta.kubernetes.io/load-balancer-source-ranges"
const onlyForLoadBalancers = "may only be used when `type` is 'LoadBalancer'"

export function* validateLoadBalancer(service: Service, path: FieldPath): Errors {
  const { spec } = service
  const isLoadBalancer = spec.type === "LoadBalancer"
  yield* sourceRanges(service, path.child("LoadBalancerSourceRanges"))
  const allocates = spec.allocateLoadBalancerNodePorts !== undefined
  if (allocates && !isLoadBalancer) {
    yield forbiddenValue(path.child("allocateLoadBalancerNodePorts"), onlyForLoadBalancers)
  }
  if (isLoadBalancer && !allocates) yield requiredValue("allocateLoadBalancerNodePorts")
  yield* loadBalancerClass(spec, path.child("loadBalancerClass"))
}

function* sourceRanges({ metadata, spec }: Service, path: FieldPath): Errors {
  const ranges = spec.loadBalancerSourceRanges ?? []
  const annotation = metadata.annotations?.[sourceRangesAnnotation]
  if (ranges.length === 0 && annotation === undefined) return
  const annotationPath = fieldPath("metadata", "annotations").key(sourceRangesAnnotation)
  const at = ranges.length > 0 ? path : annotationPath
  if (spec.type !== "LoadBalancer") yield forbiddenValue(at, onlyForLoadBalancers)
  for (const [index, range] of ranges.entries()) yield* ipNetwork(range.trim(), at.index(index))
  if (ranges.length > 0 || !annotation?.trim()) return
  for (const range of annotation.split(",")) yield* ipNetwork(range.trim(), at)
}

function* loadBalancerClass({ loadBalancerClass: name, type }: ServiceSpec, path: FieldPath): Errors {
  if (name === undefined) return
  if (type === "LoadBalancer") yield* qualifiedName(name, path)
  else yield forbiddenValue(path, onlyForLoadBalancers)
}

export function* validateLoadBalancerUpdate(spec: ServiceSpec, old: ServiceSpec, path: FieldPath): Errors {
  const at = path.child("loadBalancerClass")
  const { loadBalancerClass: name } = spec
  if (old.type === "LoadBalancer" && spec.type === "LoadBalancer") {
    if (name !== old.loadBalancerClass) yield invalidValue(at, name ?? null, "may not change once set")
  }
  yield* loadBalancerClass(spec, at)
  const isChecked = needsHealthCheck(old) && needsHealthCheck(spec)
  if (isChecked && (spec.healthCheckNodePort ?? 0) !== (old.healthCheckNodePort ?? 0)) {
    yield forbiddenValue(path.child("healthCheckNodePort"), "field is immutable")
  }
}

function needsHealthCheck({ type, externalTrafficPolicy }: ServiceSpec): boolean {
  return type === "LoadBalancer" && externalTrafficPolicy === "Local"
}

function isReachable({ type, externalIPs = [] }: ServiceSpec): boolean {
  return type === "LoadBalancer" || type === "NodePort" || (type === "ClusterIP" && externalIPs.length > 0)
}

export function* validateExternalTraffic(spec: ServiceSpec, path: FieldPath): Errors {
  const { externalTrafficPolicy: policy, healthCheckNodePort: port = 0 } = spec
  const policyPath = path.child("externalTrafficPolicy")
  if (isReachable(spec)) yield* oneOf(policy, policyPath, ["Cluster", "Local"])
  else if (policy)
    yield invalidValue(policyPath, policy, "may only be set for externally-accessible services")
  const portPath = path.child("healthCheckNodePort")
  if (!needsHealthCheck(spec)) {
    if (port === 0) return
    const detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
    yield invalidValue(portPath, port, detail)
  } else if (port === 0) yield requiredValue(portPath)
  else yield* problems(port, portPath, portNumberProblems(port))
}

export function* validateServiceStatusUpdate({ spec, status }: Service): Errors {
  const path = fieldPath("status", "loadBalancer")
  const ingress = status.loadBalancer?.ingress ?? []
  if (spec.type === "LoadBalancer") yield* validateLoadBalancerStatus(ingress, path)
  else if (ingress.length > 0) {
    yield forbiddenValue(path.child("ingress"), "may only be used when `spec.type` is 'LoadBalancer'")
  }
}
