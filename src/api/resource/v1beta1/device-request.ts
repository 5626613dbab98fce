import {
  always,
  bool,
  field,
  type Infer,
  int64,
  list,
  message,
  optional,
  string,
} from "../../../apimachinery/schema.ts"
import { DeviceSelector } from "../v1/device-configuration.ts"
import {
  CapacityRequirements,
  DeviceAllocationMode,
  DeviceToleration,
  defaultDeviceRequest,
} from "../v1/resource-claim.ts"

export const DeviceSubRequest = message(
  "io.k8s.api.resource.v1beta1.DeviceSubRequest",
  {
    name: always(1, string, { required: true }),
    deviceClassName: always(2, string, { required: true }),
    selectors: field(3, list(DeviceSelector)),
    allocationMode: field(4, DeviceAllocationMode),
    count: field(5, int64),
    tolerations: field(7, list(DeviceToleration)),
    capacity: optional(8, CapacityRequirements),
  },
  { applyDefaults: (request) => defaultDeviceRequest(request) },
)
export interface DeviceSubRequest extends Infer<typeof DeviceSubRequest> {}

/** What v1 has in `exactly`, v1beta1 has in the request itself. */
export const DeviceRequest = message(
  "io.k8s.api.resource.v1beta1.DeviceRequest",
  {
    name: always(1, string, { required: true }),
    deviceClassName: always(2, string),
    selectors: field(3, list(DeviceSelector)),
    allocationMode: field(4, DeviceAllocationMode),
    count: field(5, int64),
    adminAccess: optional(6, bool),
    firstAvailable: field(7, list(DeviceSubRequest)),
    tolerations: field(8, list(DeviceToleration)),
    capacity: optional(9, CapacityRequirements),
  },
  {
    applyDefaults(request: DeviceSubRequest) {
      // A request without a class has alternatives (firstAvailable) that say it each for itself.
      if (request.deviceClassName) defaultDeviceRequest(request)
    },
  },
)
export interface DeviceRequest extends Infer<typeof DeviceRequest> {}
