import { ClaimError, VolumeError } from "../node-host.ts"

/** Why a pod's containers cannot start yet, as an event tells it; `isWaiting`: it is on its way, and told by nobody. */
export interface SetupFailure {
  readonly reason: string
  readonly message: string
  readonly isWaiting: boolean
}

export function setupFailure(error: unknown): SetupFailure {
  const { message } = error as Error
  if (error instanceof ClaimError)
    return {
      reason: "FailedPrepareDynamicResources",
      message: `Failed to prepare dynamic resources: prepare dynamic resources: ${message}`,
      isWaiting: false,
    }
  const { volume, operation, isWaiting } = error instanceof VolumeError ? error : new VolumeError("", message)
  return {
    reason: operation.startsWith("MapVolume") ? "FailedMapVolume" : "FailedMount",
    message: `${operation} failed for volume "${volume}" : ${message}`,
    isWaiting,
  }
}
