import { forbiddenValue, invalidValue, tooLong, tooMany } from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { utf8Length } from "../../../base/utf8.ts"
import { parseNetwork } from "../../../base/ip-address.ts"
import { validateNodeSelector } from "../../core/validation/node-selector.ts"
import { dnsLabel, type Errors, immutable, oneOf, required } from "../../validation/checks.ts"
import { validateConditions } from "../../validation/conditions.ts"
import { semanticEqual } from "../../validation/semantic-equal.ts"
import type {
  AllocatedDeviceStatus,
  AllocationResult,
  DeviceClaim,
  DeviceRequestAllocationResult,
  NetworkDeviceData,
  ResourceClaim,
  ResourceClaimConsumerReference,
} from "../v1/resource-claim.ts"
import { bindingConditions } from "./binding-conditions.ts"
import { requestReference, requestReferences } from "./claim.ts"
import { jsonObject, maxConfigurations, validateConfiguration } from "./configuration.ts"
import { eachOf, uniqueEachOf } from "./lists.ts"
import { driverName, poolName, shareId } from "./names.ts"

const path = fieldPath("status")
const maxConsumers = 256
const maxResults = 32
const maxDataBytes = 10 * 1024
const maxDeviceConditions = 8

export function* validateClaimStatus(claim: ResourceClaim, old: ResourceClaim): Errors {
  const { allocation, reservedFor, devices } = claim.status
  yield* uniqueEachOf(reservedFor, path.child("reservedFor"), maxConsumers, consumer, ({ uid }) => uid)
  const allocated = new Set(allocation?.devices.results?.map(sharedDevice))
  yield* uniqueEachOf(
    devices,
    path.child("devices"),
    Infinity,
    (device, at) => deviceStatus(device, at, allocated),
    sharedDevice,
  )
  yield* reservations(claim, old)
  if (!allocation) return
  const at = path.child("allocation")
  if (old.status.allocation) yield* immutable(allocation, old.status.allocation, at)
  else yield* validateAllocation(allocation, at, claim.spec.devices)
}

/** Nobody can join a claim that is not allocated, or is on its way out. */
function* reservations({ metadata, status }: ResourceClaim, old: ResourceClaim): Errors {
  const { reservedFor = [] } = status
  const at = path.child("reservedFor")
  if (reservedFor.length === 0) return
  const isNew = (each: ResourceClaimConsumerReference) =>
    !old.status.reservedFor?.some((before) => semanticEqual(before, each))
  if (!status.allocation) yield forbiddenValue(at, "may not be specified when `allocated` is not set")
  else if (metadata.deletionTimestamp && reservedFor.some(isNew)) {
    const detail = "new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set"
    yield forbiddenValue(at, detail)
  }
}

function* consumer(reference: ResourceClaimConsumerReference, at: FieldPath): Errors {
  for (const name of ["resource", "name", "uid"] as const) yield* required(reference[name], at.child(name))
}

interface SharedDevice {
  readonly driver: string
  readonly pool: string
  readonly device: string
  readonly shareID?: string
}

/** A device, or a share of it. */
function sharedDevice({ driver, pool, device, shareID }: SharedDevice): string {
  return [driver, pool, device, ...(shareID === undefined ? [] : [shareID])].join("/")
}

function* validateAllocation(
  { devices, nodeSelector }: AllocationResult,
  at: FieldPath,
  claimed: DeviceClaim,
): Errors {
  yield* eachOf(devices.results, at.child("devices", "results"), maxResults, (result, each) =>
    validateResult(result, each, claimed),
  )
  // Those of the class, and those of the claim.
  const most = 2 * maxConfigurations
  yield* eachOf(devices.config, at.child("devices", "config"), most, function* (config, each) {
    yield* oneOf(config.source, each.child("source"), ["FromClaim", "FromClass"])
    yield* requestReferences(config.requests, each.child("requests"), claimed)
    yield* validateConfiguration(config, each)
  })
  if (nodeSelector) yield* validateNodeSelector(nodeSelector, true, at.child("nodeSelector"))
}

function* validateResult(result: DeviceRequestAllocationResult, at: FieldPath, claimed: DeviceClaim): Errors {
  yield* requestReference(result.request, at.child("request"), claimed)
  yield* driverName(result.driver, at.child("driver"))
  yield* poolName(result.pool, at.child("pool"))
  yield* dnsLabel(result.device, at.child("device"))
  yield* bindingConditions(result, at)
  yield* shareId(result.shareID, at.child("shareID"))
}

function* deviceStatus(device: AllocatedDeviceStatus, at: FieldPath, allocated: ReadonlySet<string>): Errors {
  yield* driverName(device.driver, at.child("driver"))
  yield* poolName(device.pool, at.child("pool"))
  yield* dnsLabel(device.device, at.child("device"))
  yield* shareId(device.shareID, at.child("shareID"))
  const name = sharedDevice(device)
  if (!allocated.has(name)) yield invalidValue(at, name, "must be an allocated device in the claim")
  const conditions = device.conditions ?? []
  if (conditions.length > maxDeviceConditions) {
    yield tooMany(at.child("conditions"), conditions.length, maxDeviceConditions)
  }
  yield* validateConditions(conditions, at.child("conditions"))
  if (device.data !== undefined) yield* jsonObject(device.data, at.child("data"), maxDataBytes)
  if (device.networkData) yield* networkData(device.networkData, at.child("networkData"))
}

const maxNetworkNameBytes = { interfaceName: 256, hardwareAddress: 128 } as const
const maxAddresses = 16

function* networkData(data: NetworkDeviceData, at: FieldPath): Errors {
  for (const [name, max] of Object.entries(maxNetworkNameBytes)) {
    const text = data[name as keyof typeof maxNetworkNameBytes] ?? ""
    if (utf8Length(text) > max) yield tooLong(at.child(name), max)
  }
  yield* uniqueEachOf(data.ips, at.child("ips"), maxAddresses, interfaceAddress, (address) => address)
}

/** An address with the length of its network: "192.0.2.5/24". */
function* interfaceAddress(text: string, at: FieldPath): Errors {
  const host = text.split("/")[0]!
  const isAddress = text.includes("/") && parseNetwork(text) !== undefined && host !== ""
  if (isAddress) return
  yield invalidValue(at, text, "must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)")
}
