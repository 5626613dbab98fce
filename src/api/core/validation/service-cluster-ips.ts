import {
  duplicateValue,
  invalidValue,
  requiredValue,
  unsupportedValue,
} from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { ipFamily } from "../../../base/ip-address.ts"
import { type Errors, oneOfIfSet } from "../../validation/checks.ts"
import { ipAddress, isDualStack } from "../../validation/ip.ts"
import type { ServiceSpec } from "../v1/service.ts"

// A Service has an address of each family it is reached by, or none: then it is headless.

const none = "None"
const maxAddresses = 2

export function isHeadless({ clusterIPs = [] }: ServiceSpec): boolean {
  return clusterIPs.length === 1 && clusterIPs[0] === none
}

export function* validateClusterIps(spec: ServiceSpec, path: FieldPath): Errors {
  if (spec.type === "ExternalName") return
  const { clusterIP = "", clusterIPs = [], ipFamilies = [] } = spec
  const at = path.child("clusterIPs")
  if (clusterIP && clusterIPs.length === 0) yield requiredValue(at)
  else if (clusterIP && clusterIPs[0] !== clusterIP) {
    yield invalidValue(at, clusterIPs, "first value must match `clusterIP`")
  } else if (!clusterIP && clusterIPs.length > 0) {
    yield invalidValue(at, clusterIPs, "must be empty when `clusterIP` is not specified")
  }
  for (const [index, family] of ipFamilies.entries()) {
    const entry = path.child("ipFamilies").index(index)
    if (family !== "IPv4" && family !== "IPv6") yield unsupportedValue(entry, family, ["IPv4", "IPv6"])
    if (ipFamilies.indexOf(family) < index) yield duplicateValue(entry, family)
  }
  const policies = ["PreferDualStack", "RequireDualStack", "SingleStack"]
  yield* oneOfIfSet(spec.ipFamilyPolicy, path.child("ipFamilyPolicy"), policies)
  yield* addresses(spec, at)
}

function* addresses(spec: ServiceSpec, at: FieldPath): Errors {
  const { clusterIPs = [], ipFamilies = [] } = spec
  let isReadable = true
  for (const [index, address] of clusterIPs.entries()) {
    const isNone = index === 0 && address === none
    if (isNone && clusterIPs.length === 1) continue
    const errors = isNone
      ? [invalidValue(at, clusterIPs, "'None' must be the first and only value")]
      : [...ipAddress(address, at.index(index))]
    isReadable &&= errors.length === 0
    yield* errors
  }
  if (clusterIPs.length > maxAddresses) {
    yield invalidValue(at, clusterIPs, `may only hold up to ${maxAddresses} values`)
  }
  if (!isReadable) return
  if (clusterIPs.length > 1 && !isDualStack(clusterIPs)) {
    yield invalidValue(at, clusterIPs, "may specify no more than one IP for each IP family")
  }
  if (isHeadless(spec)) return
  for (const [index, address] of clusterIPs.slice(0, ipFamilies.length).entries()) {
    const family = ipFamilies[index]
    const actual = ipFamily(address) === 4 ? "IPv4" : "IPv6"
    if ((family !== "IPv4" && family !== "IPv6") || family === actual) continue
    const detail = `expected an ${family} value as indicated by \`ipFamilies[${index}]\``
    yield invalidValue(at.index(index), address, detail)
  }
}

/** What was given once stays; a second address may come and go. */
export function* validateClusterIpsUpdate(spec: ServiceSpec, old: ServiceSpec, path: FieldPath): Errors {
  if (spec.type === "ExternalName" || old.type === "ExternalName") return
  const [isNone, wasNone] = [isHeadless(spec), isHeadless(old)]
  if (!isNone || !wasNone) yield* keptAddresses(spec, old, path)
  if (!isNone && !wasNone) yield* keptFamilies(spec, old, path)
}

const keptForever = "may not change once set"

function* keptAddresses(spec: ServiceSpec, old: ServiceSpec, path: FieldPath): Errors {
  const { clusterIPs = [], ipFamilyPolicy } = spec
  const before = old.clusterIPs ?? []
  const at = path.child("clusterIPs")
  if (before.length === clusterIPs.length) {
    for (const [index, address] of before.entries()) {
      if (address !== clusterIPs[index]) yield invalidValue(at.index(index), clusterIPs, keptForever)
    }
    return
  }
  const isRemoved = before.length > clusterIPs.length
  const primary = at.index(0)
  if (clusterIPs.length === 0) yield invalidValue(primary, null, "primary clusterIP can not be unset")
  else if (before.length > 0 && clusterIPs[0] !== before[0]) {
    yield invalidValue(primary, clusterIPs, keptForever)
  }
  if (isRemoved && clusterIPs.length === 1 && ipFamilyPolicy !== "SingleStack") {
    const detail = "must be set to 'SingleStack' when releasing the secondary clusterIP"
    yield invalidValue(path.child("ipFamilyPolicy"), ipFamilyPolicy ?? null, detail)
  }
}

function* keptFamilies(spec: ServiceSpec, old: ServiceSpec, path: FieldPath): Errors {
  const { ipFamilies = [], clusterIPs = [], ipFamilyPolicy } = spec
  const before = old.ipFamilies ?? []
  const primary = path.child("ipFamilies").index(0)
  if (before.length === ipFamilies.length) {
    for (const [index, family] of before.entries()) {
      if (family !== ipFamilies[index]) yield invalidValue(primary, ipFamilies, keptForever)
    }
    return
  }
  const isRemoved = before.length > ipFamilies.length
  if (isRemoved && clusterIPs.length === 0) {
    yield invalidValue(
      primary,
      ipFamilies.length > 0 ? ipFamilies : null,
      "primary ipFamily can not be unset",
    )
  }
  if (before.length > 0 && ipFamilies.length > 0 && ipFamilies[0] !== before[0]) {
    yield invalidValue(primary, clusterIPs.length > 0 ? clusterIPs : null, keptForever)
  }
  if (isRemoved && ipFamilies.length === 1 && ipFamilyPolicy !== "SingleStack") {
    const detail = "must be set to 'SingleStack' when releasing the secondary ipFamily"
    yield invalidValue(path.child("ipFamilyPolicy"), ipFamilyPolicy ?? null, detail)
  }
}
