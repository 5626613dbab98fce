import { fieldPath } from "../../../apimachinery/field-path.ts"
import { ipAddressWarnings, ipNetworkWarnings } from "../../validation/ip.ts"
import type { Service } from "../v1/service.ts"

const path = fieldPath("spec")
const hints = "service.kubernetes.io/topology-aware-hints"

export function* serviceWarnings({ metadata, spec }: Service): Iterable<string> {
  const { clusterIP, clusterIPs = [], externalIPs = [], loadBalancerIP, type } = spec
  const isHeadless = type === "ClusterIP" && clusterIP === "None"
  if (metadata.annotations?.[hints] !== undefined) {
    yield `annotation ${hints} is deprecated, please use service.kubernetes.io/topology-mode instead`
  }
  if (clusterIP && clusterIP !== "None") yield* listWarnings(clusterIPs, "clusterIPs")
  if (isHeadless) {
    if (loadBalancerIP) yield "spec.loadBalancerIP is ignored for headless services"
    if (externalIPs.length > 0) yield "spec.externalIPs is ignored for headless services"
    if (spec.sessionAffinity !== "None") yield "spec.SessionAffinity is ignored for headless services"
  }
  yield* listWarnings(externalIPs, "externalIPs")
  if (externalIPs.length > 0 && !isHeadless && type !== "ExternalName") {
    yield "spec.externalIPs is deprecated and may no longer be implemented in some clusters"
  }
  if (loadBalancerIP) yield* ipAddressWarnings(loadBalancerIP, path.child("loadBalancerIP"))
  for (const [index, range] of (spec.loadBalancerSourceRanges ?? []).entries()) {
    yield* ipNetworkWarnings(range, path.child("loadBalancerSourceRanges").index(index))
  }
  yield* ignoredFields({ spec })
}

function* listWarnings(addresses: readonly string[], field: string): Iterable<string> {
  for (const [index, address] of addresses.entries()) {
    yield* ipAddressWarnings(address, path.child(field).index(index))
  }
}

function* ignoredFields({ spec }: Pick<Service, "spec">): Iterable<string> {
  const { type, externalIPs = [], externalName, trafficDistribution } = spec
  if (type === "ExternalName" && externalIPs.length > 0) {
    yield 'spec.externalIPs is ignored when spec.type is "ExternalName"'
  }
  if (type !== "ExternalName" && externalName) {
    yield 'spec.externalName is ignored when spec.type is not "ExternalName"'
  }
  if (trafficDistribution === "PreferClose") {
    yield 'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"'
  }
}
