import type { Device, Mount } from "../../container-runtime/cri.ts"
import type { ContainerDevices } from "../node-host.ts"

// The Container Device Interface: https://github.com/cncf-tags/container-device-interface/blob/main/SPEC.md

/** What a file of a driver says of its devices. */
export interface CdiSpec {
  /** "vendor.com/class". */
  readonly kind: string
  readonly devices?: readonly { readonly name: string; readonly containerEdits?: ContainerEdits }[]
  /** For whoever uses any of them. */
  readonly containerEdits?: ContainerEdits
}

export interface ContainerEdits {
  /** "NAME=value". */
  readonly env?: readonly string[]
  readonly deviceNodes?: readonly DeviceNode[]
  readonly mounts?: readonly CdiMount[]
  readonly hooks?: readonly unknown[]
  readonly additionalGids?: readonly number[]
  readonly intelRdt?: unknown
  readonly netDevices?: readonly unknown[]
}

interface DeviceNode {
  readonly path: string
  readonly hostPath?: string
  readonly permissions?: string
}

interface CdiMount {
  readonly hostPath: string
  readonly containerPath: string
  readonly options?: readonly string[]
}

/** What the runtime cannot be asked for. */
const beyond = ["hooks", "additionalGids", "intelRdt", "netDevices"] as const

/**
 * What containers need in order to use devices, by their full names ("vendor.com/class=name"). `specs`: the last one that names
 * a device counts. Throws which devices no specification names, and what of their needs cannot be given. Pure.
 */
export function planContainerEdits(ids: readonly string[], specs: readonly CdiSpec[]): ContainerDevices {
  const edits = new Set<ContainerEdits>()
  const unknown: string[] = []
  for (const id of ids) {
    const [kind, name] = id.split("=")
    const spec = specs.findLast(
      (each) => each.kind === kind && each.devices?.some((one) => one.name === name),
    )
    const device = spec?.devices?.find((one) => one.name === name)
    if (!spec || !device) unknown.push(id)
    // Those of all devices come first, and once.
    if (spec?.containerEdits) edits.add(spec.containerEdits)
    if (device?.containerEdits) edits.add(device.containerEdits)
  }
  if (unknown.length > 0)
    throw new Error(`CDI device injection failed: unresolvable CDI devices ${unknown.join(", ")}`)
  const all = [...edits]
  for (const edit of all)
    for (const need of beyond)
      if (edit[need]) throw new Error(`CDI device injection failed: ${need} cannot be given to containers`)
  return {
    environment: Object.fromEntries(all.flatMap(({ env = [] }) => env).map(variable)),
    annotations: {},
    mounts: all.flatMap(({ mounts = [] }) => mounts).map(toMount),
    devices: all.flatMap(({ deviceNodes = [] }) => deviceNodes).map(toDevice),
  }
}

function variable(text: string): [string, string] {
  const at = text.indexOf("=")
  return [text.slice(0, at), text.slice(at + 1)]
}

function toMount({ hostPath, containerPath, options = [] }: CdiMount): Mount {
  return { hostPath, containerPath, readonly: options.includes("ro") }
}

function toDevice({ path, hostPath, permissions }: DeviceNode): Device {
  return { containerPath: path, hostPath: hostPath || path, permissions: permissions || "rwm" }
}
