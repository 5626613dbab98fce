import {
  duplicateValue,
  internalFieldError,
  invalidValue,
  requiredValue,
  tooMany,
} from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { dnsLabelProblems, dnsSubdomainProblems, labelValueProblems } from "../../../apimachinery/names.ts"
import { validateLabels } from "../../../apimachinery/validate-object-meta.ts"
import { parseIp } from "../../../base/ip-address.ts"
import { protocols } from "../../core/validation/containers.ts"
import { endpointIp } from "../../core/validation/endpoint-ip.ts"
import {
  dnsLabel,
  dnsSubdomain,
  type Errors,
  immutable,
  oneOf,
  problems,
  qualifiedName,
} from "../../validation/checks.ts"
import { canonicalIpAddress, ipAddress, ipAddressWarnings } from "../../validation/ip.ts"
import { semanticEqual } from "../../validation/semantic-equal.ts"
import type { Endpoint, EndpointHints, EndpointPort, EndpointSlice } from "../v1/endpoint-slice.ts"

const maxTopologyLabels = 16
const maxAddresses = 100
const maxPorts = 20_000
const maxEndpoints = 1000
const maxHints = 8

export function* validateEndpointSlice(slice: EndpointSlice): Errors {
  yield* oneOf(slice.addressType, fieldPath("addressType"), ["FQDN", "IPv4", "IPv6"])
  yield* validatePorts(slice.ports ?? [], fieldPath("ports"))
  yield* validateEndpoints(slice, fieldPath("endpoints"))
}

export function* validateEndpointSliceUpdate(slice: EndpointSlice, old: EndpointSlice): Errors {
  const isSame = semanticEqual(slice.endpoints, old.endpoints)
  yield* validateEndpointSlice(isSame ? { ...slice, endpoints: [] } : slice)
  yield* immutable(slice.addressType, old.addressType, fieldPath("addressType"))
}

function* validatePorts(ports: readonly EndpointPort[], path: FieldPath): Errors {
  if (ports.length > maxPorts) {
    yield tooMany(path, ports.length, maxPorts)
    return
  }
  const names = new Set<string>()
  for (const [index, { name = "", protocol, appProtocol }] of ports.entries()) {
    const at = path.index(index)
    if (name) yield* dnsLabel(name, at.child("name"))
    if (names.has(name)) yield duplicateValue(at.child("name"), name)
    names.add(name)
    if (protocol === undefined) yield requiredValue(at.child("protocol"))
    else yield* oneOfProtocols(protocol, at.child("protocol"))
    if (appProtocol !== undefined) yield* qualifiedName(appProtocol, at.child("appProtocol"))
  }
}

function* oneOfProtocols(protocol: string, at: FieldPath): Errors {
  if (!protocols.includes(protocol)) yield* oneOf(protocol || "?", at, protocols)
}

function* validateEndpoints({ endpoints, addressType }: EndpointSlice, path: FieldPath): Errors {
  const list = endpoints ?? []
  if (list.length > maxEndpoints) {
    yield tooMany(path, list.length, maxEndpoints)
    return
  }
  for (const [index, endpoint] of list.entries()) {
    yield* validateAddresses(endpoint, addressType, path.index(index).child("addresses"))
    yield* validateEndpoint(endpoint, path.index(index))
  }
}

function* validateAddresses(endpoint: Endpoint, type: string, path: FieldPath): Errors {
  const addresses = endpoint.addresses ?? []
  if (addresses.length === 0) yield requiredValue(path, "must contain at least 1 address")
  else if (addresses.length > maxAddresses) yield tooMany(path, addresses.length, maxAddresses)
  for (const [index, address] of addresses.entries()) {
    const at = path.index(index)
    if (type === "FQDN") yield* domainName(address, at)
    else if (type === "IPv4" || type === "IPv6") {
      const errors = [...(type === "IPv4" ? ipAddress : canonicalIpAddress)(address, at)]
      yield* errors
      if (errors.length > 0) continue
      if (parseIp(address)?.family !== Number(type.slice(-1))) {
        yield invalidValue(path, address, `must be an ${type} address`)
      }
      yield* endpointIp(address, at)
    }
  }
}

function* domainName(name: string, at: FieldPath): Errors {
  if (!name) {
    yield requiredValue(at)
    return
  }
  const domain = name.replace(/\.$/, "")
  const texts = dnsSubdomainProblems(domain)
  const labels = domain.split(".")
  const wrong = labels.find((label) => dnsLabelProblems(label).length > 0)
  if (texts.length > 0) yield invalidValue(at, domain, texts.join(","))
  else if (labels.length < 2) {
    yield invalidValue(at, domain, "should be a domain with at least two segments separated by dots")
  } else if (wrong !== undefined) yield invalidValue(at, wrong, dnsLabelProblems(wrong).join(","))
}

function* validateEndpoint(endpoint: Endpoint, path: FieldPath): Errors {
  const { nodeName, deprecatedTopology = {}, hostname, hints } = endpoint
  if (nodeName !== undefined) yield* dnsSubdomain(nodeName, path.child("nodeName"))
  const at = path.child("deprecatedTopology")
  const count = Object.keys(deprecatedTopology).length
  if (count > maxTopologyLabels) yield tooMany(at, count, maxTopologyLabels)
  yield* validateLabels(deprecatedTopology, at)
  const zone = "topology.kubernetes.io/zone"
  if (zone in deprecatedTopology) {
    yield internalFieldError(at.key(zone), "reserved key was not removed in conversion")
  }
  if (hostname !== undefined) yield* dnsLabel(hostname, path.child("hostname"))
  if (hints) yield* validateHints(hints, path.child("hints"))
}

function* validateHints({ forZones = [], forNodes = [] }: EndpointHints, path: FieldPath): Errors {
  for (const [name, list] of Object.entries({ forZones, forNodes })) {
    const at = path.child(name)
    if (list.length > maxHints) {
      yield tooMany(at, list.length, maxHints)
      return
    }
    for (const [index, hint] of list.entries()) {
      const entry = at.index(index).child("name")
      if (list.findIndex((other) => other.name === hint.name) < index) yield duplicateValue(entry, hint.name)
      const rule = name === "forZones" ? labelValueProblems : dnsSubdomainProblems
      yield* problems(hint.name, entry, rule(hint.name))
    }
  }
}

const managedBy = "endpointslice.kubernetes.io/managed-by"
const ownManagers = ["endpointslice-controller.k8s.io", "endpointslicemirroring-controller.k8s.io"]

export function* endpointSliceWarnings(
  slice: EndpointSlice,
  old: EndpointSlice | undefined,
): Iterable<string> {
  if (!old && slice.addressType === "FQDN") yield "spec.addressType: FQDN endpoints are deprecated"
  if (ownManagers.includes(slice.metadata.labels?.[managedBy] ?? "")) return
  for (const [index, { addresses }] of (slice.endpoints ?? []).entries()) {
    for (const [position, address] of (addresses ?? []).entries()) {
      yield* ipAddressWarnings(
        address,
        fieldPath("endpoints").index(index).child("addresses").index(position),
      )
    }
  }
}
