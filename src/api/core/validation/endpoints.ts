import { requiredValue } from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { portNumberProblems } from "../../../apimachinery/names.ts"
import {
  dnsLabel,
  dnsSubdomain,
  type Errors,
  oneOf,
  problems,
  qualifiedName,
} from "../../validation/checks.ts"
import { ipAddress, ipAddressWarnings } from "../../validation/ip.ts"
import { semanticEqual } from "../../validation/semantic-equal.ts"
import type { EndpointAddress, EndpointPort, Endpoints } from "../v1/endpoints.ts"
import { protocols } from "./containers.ts"
import { endpointIp } from "./endpoint-ip.ts"

const path = fieldPath("subsets")

export function* validateEndpoints({ subsets = [] }: Endpoints): Errors {
  for (const [index, { addresses = [], notReadyAddresses = [], ports = [] }] of subsets.entries()) {
    const at = path.index(index)
    if (addresses.length + notReadyAddresses.length === 0) {
      yield requiredValue(at, "must specify `addresses` or `notReadyAddresses`")
    }
    yield* eachAddress(addresses, at.child("addresses"))
    yield* eachAddress(notReadyAddresses, at.child("notReadyAddresses"))
    for (const [position, port] of ports.entries()) {
      yield* eachPort(port, ports.length > 1, at.child("ports").index(position))
    }
  }
}

export function* validateEndpointsUpdate(endpoints: Endpoints, old: Endpoints): Errors {
  if (!semanticEqual(endpoints.subsets, old.subsets)) yield* validateEndpoints(endpoints)
}

function* eachAddress(addresses: readonly EndpointAddress[], at: FieldPath): Errors {
  for (const [index, { ip, hostname, nodeName }] of addresses.entries()) {
    const entry = at.index(index)
    yield* ipAddress(ip, entry.child("ip"))
    if (hostname) yield* dnsLabel(hostname, entry.child("hostname"))
    if (nodeName !== undefined) yield* dnsSubdomain(nodeName, entry.child("nodeName"))
    yield* endpointIp(ip, entry.child("ip"))
  }
}

function* eachPort(
  { name, port, protocol, appProtocol }: EndpointPort,
  needsName: boolean,
  at: FieldPath,
): Errors {
  if (name) yield* dnsLabel(name, at.child("name"))
  else if (needsName) yield requiredValue(at.child("name"))
  yield* problems(port, at.child("port"), portNumberProblems(port))
  yield* oneOf(protocol, at.child("protocol"), protocols)
  if (appProtocol !== undefined) yield* qualifiedName(appProtocol, at.child("appProtocol"))
}

const managedBy = "endpoints.kubernetes.io/managed-by"

export function* endpointsWarnings({ metadata, subsets = [] }: Endpoints): Iterable<string> {
  if (metadata.labels?.[managedBy] === "endpoint-controller") return
  for (const [index, subset] of subsets.entries()) {
    for (const list of ["addresses", "notReadyAddresses"] as const) {
      for (const [position, { ip }] of (subset[list] ?? []).entries()) {
        yield* ipAddressWarnings(ip, path.index(index).child(list).index(position).child("ip"))
      }
    }
  }
}
