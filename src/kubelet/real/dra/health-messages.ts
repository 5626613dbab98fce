import { enumOf, integer, message, repeated, string } from "../../../base/protobuf.ts"

// How drivers tell of their devices' health (k8s.io/kubelet/pkg/apis/dra-health/v1alpha1); field numbers are facts of it.

/** As drivers name it when they register. */
export const healthService = "v1alpha1.DRAResourceHealth"
export const watchMethod = "/v1alpha1.DRAResourceHealth/NodeWatchResources"

export const Nothing = message<object>({})

export interface ReportedHealth {
  device?: { poolName: string; deviceName: string }
  health: "UNKNOWN" | "HEALTHY" | "UNHEALTHY"
  healthCheckTimeoutSeconds: number
  message: string
}
export const HealthReport = message<{ devices: ReportedHealth[] }>({
  devices: [
    1,
    repeated(
      message<ReportedHealth>({
        device: [
          1,
          message<{ poolName: string; deviceName: string }>({
            poolName: [1, string],
            deviceName: [2, string],
          }),
        ],
        health: [2, enumOf({ UNKNOWN: 0, HEALTHY: 1, UNHEALTHY: 2 })],
        healthCheckTimeoutSeconds: [4, integer],
        message: [5, string],
      }),
    ),
  ],
})
