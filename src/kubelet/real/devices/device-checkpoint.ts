import { join } from "node:path"
import type { Logger } from "../../../base/log.ts"
import { readCheckpoint, writeCheckpoint } from "../checkpoint-file.ts"
import type { ContainerAllocation } from "./device-messages.ts"

/** Devices of one resource that a container has. */
export interface DeviceEntry {
  readonly podUid: string
  readonly container: string
  readonly resource: string
  readonly ids: readonly string[]
  readonly allocation: ContainerAllocation
}

export interface DeviceCheckpoint {
  readonly entries: readonly DeviceEntry[]
  /** Resources that plugins have served. */
  readonly resources: readonly string[]
}

const fileName = "kubelet_internal_checkpoint"

/** Containers keep their devices while the kubelet starts anew: who has what is written down before they get it. */
export function writeDeviceCheckpoint(directory: string, data: DeviceCheckpoint): Promise<void> {
  return writeCheckpoint(join(directory, fileName), data)
}

/** Empty where none was written, or what was written cannot be believed. */
export async function readDeviceCheckpoint(directory: string, log: Logger): Promise<DeviceCheckpoint> {
  const empty = { entries: [], resources: [] }
  try {
    return (await readCheckpoint<DeviceCheckpoint>(join(directory, fileName))) ?? empty
  } catch (error) {
    log.error("it is not known which containers have which devices", { error })
    return empty
  }
}
