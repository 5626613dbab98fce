import type { IPFamily, Service, ServiceSpec } from "../../../api/core/v1/service.ts"
import { type FieldError, invalid, invalidValue } from "../../../apimachinery/field-error.ts"
import { fieldPath } from "../../../apimachinery/field-path.ts"
import { validateClusterIps } from "../../../api/core/validation/service-cluster-ips.ts"
import { ipFamily } from "../../../base/ip-address.ts"
import { headless, sameStrings } from "./service-spec.ts"

type Family = Exclude<IPFamily, "">

/**
 * Fills in which families of addresses a Service has, and checks them against those of the cluster, the first of which is
 * the default (https://kubernetes.io/docs/concepts/services-networking/dual-stack/#services). Changes `service` in place;
 * throws StatusError Invalid.
 */
export function setIpFamilies(
  service: Service,
  old: Service | undefined,
  configured: readonly Family[],
): void {
  const { spec } = service
  if (spec.type === "ExternalName" || keepsPreferredFamilies(spec, old?.spec)) return
  spec.ipFamilyPolicy ??= defaultPolicy(spec, old?.spec)
  refuse(service, [...validateClusterIps(spec, fieldPath("spec"))])
  const errors: FieldError[] = []
  if (old) shrink(spec, old.spec, errors)
  if (spec.ipFamilyPolicy === "SingleStack") checkSingle(spec, errors)
  inferFamilies(spec, configured, errors)
  refuse(service, errors)
  if (spec.clusterIP === headless && !hasSelector(spec)) return setFamiliesOfHeadless(spec, configured)
  checkConfigured(spec, configured, errors)
  refuse(service, errors)
  spec.ipFamilies = spec.ipFamilies?.length ? spec.ipFamilies : [configured[0]!]
  const wantsBoth = spec.ipFamilyPolicy !== "SingleStack" && configured.length === 2
  if (wantsBoth && spec.ipFamilies.length === 1) spec.ipFamilies.push(otherFamily(spec.ipFamilies[0]!))
}

/** A cluster that became dual-stack, or no longer is, does not by itself change a Service that prefers it. */
function keepsPreferredFamilies(spec: ServiceSpec, old: ServiceSpec | undefined): boolean {
  return (
    old?.ipFamilyPolicy === "PreferDualStack" &&
    spec.ipFamilyPolicy === "PreferDualStack" &&
    sameStrings(spec.clusterIPs, old.clusterIPs) &&
    sameStrings(spec.ipFamilies, old.ipFamilies)
  )
}

function defaultPolicy(
  spec: ServiceSpec,
  old: ServiceSpec | undefined,
): NonNullable<ServiceSpec["ipFamilyPolicy"]> {
  if (old?.ipFamilyPolicy) return old.ipFamilyPolicy
  return spec.clusterIP === headless && !hasSelector(spec) ? "RequireDualStack" : "SingleStack"
}

function shrink(spec: ServiceSpec, old: ServiceSpec, errors: FieldError[]): void {
  const { clusterIPs = [], ipFamilies = [] } = spec
  if (spec.ipFamilyPolicy === "SingleStack") {
    if (sameStrings(clusterIPs, old.clusterIPs) && clusterIPs.length > 1) spec.clusterIPs = [clusterIPs[0]!]
    if (sameStrings(ipFamilies, old.ipFamilies) && ipFamilies.length > 1) spec.ipFamilies = [ipFamilies[0]!]
    return
  }
  const policy = spec.ipFamilyPolicy
  if (clusterIPs.length > 0 && clusterIPs.length < (old.clusterIPs?.length ?? 0)) {
    const detail = "must be 'SingleStack' to release the secondary cluster IP"
    errors.push(invalidValue("spec.ipFamilyPolicy", policy, detail))
  }
  if (ipFamilies.length > 0 && ipFamilies.length < (old.ipFamilies?.length ?? 0)) {
    const detail = "must be 'SingleStack' to release the secondary IP family"
    errors.push(invalidValue("spec.ipFamilyPolicy", policy, detail))
  }
}

function checkSingle(spec: ServiceSpec, errors: FieldError[]): void {
  const must = "must be 'RequireDualStack' or 'PreferDualStack' when multiple"
  if (spec.clusterIPs?.length === 2) {
    errors.push(invalidValue("spec.ipFamilyPolicy", spec.ipFamilyPolicy, `${must} cluster IPs are specified`))
  }
  if (spec.ipFamilies?.length === 2) {
    errors.push(invalidValue("spec.ipFamilyPolicy", spec.ipFamilyPolicy, `${must} IP families are specified`))
  }
}

/** Addresses that were asked for say which families are wanted. */
function inferFamilies(spec: ServiceSpec, configured: readonly Family[], errors: FieldError[]): void {
  for (const [index, address] of (spec.clusterIPs ?? []).entries()) {
    if (address === headless) return
    if (index < (spec.ipFamilies?.length ?? 0)) continue
    const family = ipFamily(address) === 4 ? "IPv4" : "IPv6"
    if (configured.includes(family)) spec.ipFamilies = [...(spec.ipFamilies ?? []), family]
    else {
      const detail = `${family} is not configured on this cluster`
      errors.push(invalidValue(`spec.clusterIPs[${index}]`, spec.clusterIPs, detail))
    }
  }
}

/** Without a selector somebody else sets the endpoints, which may be of families that the cluster itself has not. */
function setFamiliesOfHeadless(spec: ServiceSpec, configured: readonly Family[]): void {
  spec.ipFamilies = spec.ipFamilies?.length ? spec.ipFamilies : [configured[0]!]
  if (spec.ipFamilies.length < 2 && spec.ipFamilyPolicy !== "SingleStack") {
    spec.ipFamilies.push(otherFamily(spec.ipFamilies[0]!))
  }
}

function checkConfigured(spec: ServiceSpec, configured: readonly Family[], errors: FieldError[]): void {
  if (spec.ipFamilyPolicy === "RequireDualStack" && configured.length < 2) {
    const detail = "this cluster is not configured for dual-stack services"
    errors.push(invalidValue("spec.ipFamilyPolicy", spec.ipFamilyPolicy, detail))
  }
  for (const [index, family] of (spec.ipFamilies ?? []).entries()) {
    if (configured.some((each) => each === family)) continue
    errors.push(invalidValue(`spec.ipFamilies[${index}]`, family, "not configured on this cluster"))
  }
}

function refuse({ metadata }: Service, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid({ group: "", kind: "Service" }, metadata.name, errors)
}

function hasSelector({ selector }: ServiceSpec): boolean {
  return selector !== undefined && Object.keys(selector).length > 0
}

function otherFamily(family: IPFamily): Family {
  return family === "IPv4" ? "IPv6" : "IPv4"
}
