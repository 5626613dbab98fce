import { mkdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import type { Logger } from "../../../base/log.ts"
import { replaceFile } from "../../../base/real/replace-file.ts"
import { sha256 } from "../kubelet-paths.ts"
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
export async function writeDeviceCheckpoint(directory: string, data: DeviceCheckpoint): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o750 })
  const text = JSON.stringify(data)
  const whole = JSON.stringify({ data: text, checksum: sha256(text) })
  await replaceFile(join(directory, fileName), whole, 0o600)
}

/** Empty where none was written, or what was written cannot be believed. */
export async function readDeviceCheckpoint(directory: string, log: Logger): Promise<DeviceCheckpoint> {
  const empty = { entries: [], resources: [] }
  const text = await readFile(join(directory, fileName), "utf8").catch(() => undefined)
  if (text === undefined) return empty
  try {
    const { data, checksum } = JSON.parse(text) as { data: string; checksum: string }
    if (sha256(data) !== checksum) throw new Error("checkpoint is corrupted")
    return JSON.parse(data) as DeviceCheckpoint
  } catch (error) {
    log.error("it is not known which containers have which devices", { error })
    return empty
  }
}
