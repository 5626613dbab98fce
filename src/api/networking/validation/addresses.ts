import { invalidValue, requiredValue } from "../../../apimachinery/field-error.ts"
import { fieldPath } from "../../../apimachinery/field-path.ts"
import { pathSegmentProblems } from "../../../apimachinery/names.ts"
import { fieldIsImmutable } from "../../../apimachinery/validate-object-meta.ts"
import { parseNetwork } from "../../../base/ip-address.ts"
import { dnsSubdomain, type Errors, immutable, problems } from "../../validation/checks.ts"
import { canonicalIpAddress, canonicalIpNetwork } from "../../validation/ip.ts"
import type { IPAddress } from "../v1/ip-address.ts"
import type { ServiceCIDR } from "../v1/service-cidr.ts"

// Addresses of Services, and the networks that they are taken from.

/** An IPAddress is named by its address. */
export function ipAddressNameProblems(name: string): string[] {
  return Array.from(canonicalIpAddress(name, fieldPath()), ({ detail }) => detail)
}

export function* validateIpAddress({ spec }: IPAddress): Errors {
  const path = fieldPath("spec", "parentRef")
  if (!spec?.parentRef) {
    yield requiredValue(path)
    return
  }
  const { group, resource, name, namespace } = spec.parentRef
  if (group) yield* dnsSubdomain(group, path.child("group"))
  for (const [field, value] of Object.entries({ resource, name })) {
    if (value) yield* problems(value, path.child(field), pathSegmentProblems(value))
    else yield requiredValue(path.child(field))
  }
  if (namespace) yield* problems(namespace, path.child("namespace"), pathSegmentProblems(namespace))
}

export function* validateIpAddressUpdate(address: IPAddress, old: IPAddress): Errors {
  yield* validateIpAddress(address)
  yield* immutable(address.spec?.parentRef, old.spec?.parentRef, fieldPath("spec", "parentRef"))
}

const networksPath = fieldPath("spec", "cidrs")

export function* validateServiceCidr({ spec }: ServiceCIDR): Errors {
  const networks = spec?.cidrs ?? []
  if (networks.length === 0) yield requiredValue(networksPath, "at least one CIDR required")
  else if (networks.length > 2) yield invalidValue(networksPath, spec, "may only hold up to 2 values")
  else {
    for (const [index, network] of networks.entries()) {
      yield* canonicalIpNetwork(network, networksPath.index(index))
    }
    const [first, second] = networks.map(familyOf)
    if (networks.length === 2 && first !== undefined && first === second) {
      const detail =
        "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64"
      yield invalidValue(networksPath, networks, detail)
    }
  }
}

function familyOf(network: string): number | undefined {
  return parseNetwork(network)?.family
}

/** A second family may be added. */
export function* validateServiceCidrUpdate(cidr: ServiceCIDR, old: ServiceCIDR): Errors {
  const [networks, before] = [cidr.spec?.cidrs ?? [], old.spec?.cidrs ?? []]
  if (networks.length !== before.length && (before.length !== 1 || networks.length !== 2)) {
    yield invalidValue(networksPath, networks.length > 0 ? networks : null, fieldIsImmutable)
    return
  }
  for (const [index, network] of before.entries()) {
    if (networks[index] !== network) {
      yield invalidValue(networksPath.index(index), networks[index], fieldIsImmutable)
    }
  }
  if (networks.length > before.length) yield* validateServiceCidr(cidr)
}
