import type { Conversion } from "../../../apimachinery/resource.ts"
import type {
  DeviceRequest as StoredRequest,
  ResourceClaim as StoredClaim,
  ResourceClaimSpec as StoredClaimSpec,
} from "../../resource/v1/resource-claim.ts"
import type { ResourceClaimTemplate as StoredTemplate } from "../../resource/v1/resource-claim-template.ts"
import type {
  Device as StoredDevice,
  ResourceSlice as StoredSlice,
} from "../../resource/v1/resource-slice.ts"
import type { DeviceRequest } from "./device-request.ts"
import type { ResourceClaim, ResourceClaimSpec } from "./resource-claim.ts"
import type { ResourceClaimTemplate } from "./resource-claim-template.ts"
import type { Device, ResourceSlice } from "./resource-slice.ts"

// v1 moved what asks for exactly one sort of device into `exactly`, and what describes a device out of `basic`.

export const resourceClaimConversion: Conversion<ResourceClaim> = {
  toStored: (claim): StoredClaim => ({ ...claim, spec: specToStored(claim.spec) }),
  fromStored(stored): ResourceClaim {
    const claim = stored as StoredClaim
    return { ...claim, spec: specFromStored(claim.spec) }
  },
}

export const resourceClaimTemplateConversion: Conversion<ResourceClaimTemplate> = {
  toStored: (template): StoredTemplate => ({
    ...template,
    spec: { ...template.spec, spec: specToStored(template.spec.spec) },
  }),
  fromStored(stored): ResourceClaimTemplate {
    const template = stored as StoredTemplate
    return { ...template, spec: { ...template.spec, spec: specFromStored(template.spec.spec) } }
  },
}

function specToStored({ devices }: ResourceClaimSpec): StoredClaimSpec {
  const { requests, ...rest } = devices
  return { devices: { ...rest, ...(requests && { requests: requests.map(requestToStored) }) } }
}

function specFromStored({ devices }: StoredClaimSpec): ResourceClaimSpec {
  const { requests, ...rest } = devices
  return { devices: { ...rest, ...(requests && { requests: requests.map(requestFromStored) }) } }
}

function requestToStored({ name, firstAvailable, ...exactly }: DeviceRequest): StoredRequest {
  const isExact = Object.values(exactly).some(isSet)
  return {
    name,
    ...(firstAvailable && { firstAvailable }),
    ...(isExact && { exactly: { ...exactly, deviceClassName: exactly.deviceClassName ?? "" } }),
  }
}

/** Protobuf writes fields that nobody has set: as "" or 0, and lists as nothing. */
function isSet(value: unknown): boolean {
  return value !== undefined && value !== "" && value !== 0 && !(Array.isArray(value) && value.length === 0)
}

function requestFromStored({ exactly, ...request }: StoredRequest): DeviceRequest {
  return { deviceClassName: "", ...request, ...exactly }
}

export const resourceSliceConversion: Conversion<ResourceSlice> = {
  toStored({ spec, ...slice }): StoredSlice {
    const { devices, nodeName, allNodes, ...rest } = spec
    return {
      ...slice,
      spec: {
        ...rest,
        ...(nodeName && { nodeName }),
        ...(allNodes && { allNodes }),
        ...(devices && { devices: devices.map(deviceToStored) }),
      },
    }
  },
  fromStored(stored): ResourceSlice {
    const { spec, ...slice } = stored as StoredSlice
    const { devices, ...rest } = spec
    return { ...slice, spec: { ...rest, ...(devices && { devices: devices.map(deviceFromStored) }) } }
  },
}

function deviceToStored({ name, basic }: Device): StoredDevice {
  return { name, ...basic }
}

function deviceFromStored({ name, ...basic }: StoredDevice): Device {
  return { name, basic }
}
