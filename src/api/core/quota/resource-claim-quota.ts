import { compareQuantities, quantityFromNumber, subtractQuantities } from "../../../apimachinery/quantity.ts"
import type { Clock } from "../../../base/clock.ts"
import type { DeviceClass } from "../../resource/v1/device-class.ts"
import type {
  DeviceRequest,
  DeviceSubRequest,
  ExactDeviceRequest,
  ResourceClaim,
} from "../../resource/v1/resource-claim.ts"
import type { Amounts } from "../v1/pod-resources.ts"
import type { Pod } from "../v1/pod.ts"
import { filterAmounts, oneItem, sumAmounts } from "./amounts.ts"
import { computePodUsage, isExtendedQuotaName } from "./pod-quota.ts"
import type { QuotaEvaluator } from "./quota-evaluator.ts"

/** What counting devices has to look up. */
export interface DeviceQuotaReader {
  deviceClasses(): readonly DeviceClass[]
  findPod(namespace: string, name: string): Pod | undefined
  /** The claims that a pod controls. */
  claimsOf(podUid: string): readonly ResourceClaim[]
}

const countName = "count/resourceclaims.resource.k8s.io"
const perClass = ".deviceclass.resource.k8s.io/devices"
const implicitPrefix = "deviceclass.resource.kubernetes.io/"
const extendedClaimAnnotation = "resource.kubernetes.io/extended-resource-claim"
/** As many as a claim can ever be given, for one that asks for all there are. */
const maxDevices = 32

/**
 * Claims count by number and by devices per class. A class may also be asked for as if it were a device plugin's resource
 * ("example.com/gpu"); then the claim was made for a pod that is charged already, and only what goes beyond that counts.
 */
export function resourceClaimQuota(reader: DeviceQuotaReader, clock: Clock): QuotaEvaluator<ResourceClaim> {
  const hasClassFor = (extendedResource: string) =>
    reader
      .deviceClasses()
      .some(
        ({ metadata, spec }) =>
          spec.extendedResourceName === extendedResource ||
          extendedResource === `${implicitPrefix}${metadata.name}`,
      )

  return {
    resource: "resourceclaims.resource.k8s.io",
    isCharged: ({ operation, subresource }) =>
      subresource === "" && (operation === "CREATE" || operation === "UPDATE"),
    tracks: (name) =>
      name === countName ||
      name.endsWith(perClass) ||
      (isExtendedQuotaName(name) && hasClassFor(name.slice("requests.".length))),
    usageOf(claim) {
      const devices = (claim.spec.devices.requests ?? []).map(devicesOf).reduce(sumAmounts, {})
      const byClass = Object.fromEntries(
        Object.entries(devices).map(([name, amount]) => [name + perClass, amount]),
      )
      const charged = podUsageFor(claim, reader, clock)
      return { [countName]: oneItem, ...byClass, ...extendedUsage(devices, charged, reader) }
    },
  }
}

/** The most devices of each class that a request may be given. */
function devicesOf({ exactly, firstAvailable }: DeviceRequest): Amounts {
  const most: Amounts = {}
  for (const each of firstAvailable ?? (exactly ? [exactly] : [])) {
    const amount = quantityFromNumber(countDevices(each))
    const known = most[each.deviceClassName]
    if (!known || compareQuantities(amount, known) > 0) most[each.deviceClassName] = amount
  }
  return most
}

function countDevices({ allocationMode, count }: ExactDeviceRequest | DeviceSubRequest): number {
  if (allocationMode === "All") return maxDevices
  return allocationMode === "ExactCount" ? (count ?? 0) : 0
}

function extendedUsage(devices: Amounts, charged: Amounts, reader: DeviceQuotaReader): Amounts {
  const usage: Amounts = {}
  for (const [className, amount] of Object.entries(devices)) {
    usage[`requests.${implicitPrefix}${className}`] = amount
    const found = reader.deviceClasses().find(({ metadata }) => metadata.name === className)
    if (found?.spec.extendedResourceName) usage[`requests.${found.spec.extendedResourceName}`] = amount
  }
  for (const [name, amount] of Object.entries(usage)) {
    const known = charged[name]
    if (known) usage[name] = subtractQuantities(amount, known)
  }
  return filterAmounts(usage, (_, { nanos }) => nanos > 0n)
}

/** What was charged for the pod that the claim was made for: nothing unless both agree that it was. */
function podUsageFor(claim: ResourceClaim, reader: DeviceQuotaReader, clock: Clock): Amounts {
  const { metadata } = claim
  if (metadata.annotations?.[extendedClaimAnnotation] !== "true") return {}
  const owner = metadata.ownerReferences?.find(({ controller }) => controller)
  if (owner?.kind !== "Pod" || owner.apiVersion !== "v1") return {}
  const pod = reader.findPod(metadata.namespace ?? "", owner.name)
  if (!pod || pod.metadata.uid !== owner.uid) return {}
  const named = pod.status?.extendedResourceClaimStatus?.resourceClaimName
  if (named !== undefined ? named !== metadata.name : !isFirstClaim(claim, reader.claimsOf(owner.uid)))
    return {}
  return computePodUsage(pod, clock)
}

function isFirstClaim({ metadata }: ResourceClaim, claims: readonly ResourceClaim[]): boolean {
  const ageKey = ({ creationTimestamp, name }: ResourceClaim["metadata"]) =>
    `${creationTimestamp ?? ""} ${name ?? ""}`
  return claims
    .filter((each) => each.metadata.annotations?.[extendedClaimAnnotation] === "true")
    .every((each) => ageKey(each.metadata) >= ageKey(metadata))
}
