import { formatQuantity, parseQuantity, quantityValue } from "../../apimachinery/quantity.ts"
import { computePodLimits } from "../../api/core/v1/pod-resources.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { VolumeUsage } from "../node-host.ts"

const resource = "ephemeral-storage"

/** What a pod has written on the node's own disk. */
export interface LocalStorageUsage {
  readonly volumes: readonly VolumeUsage[]
  /** Writable layer and logs, by container. */
  readonly containers: readonly { readonly name: string; readonly bytes: number }[]
}

/** Whether there is a limit that a pod could go beyond. */
export function hasStorageLimit({ spec }: Pod): boolean {
  const isLimited = spec.containers.some(({ resources }) => resources?.limits?.[resource] !== undefined)
  return isLimited || (spec.volumes ?? []).some(({ emptyDir }) => emptyDir?.sizeLimit !== undefined)
}

/** Which limit a pod has gone beyond, in upstream's words; undefined while it keeps to all of them. Pure. */
export function exceededStorage(pod: Pod, usage: LocalStorageUsage): string | undefined {
  return exceededEmptyDir(pod, usage) ?? exceededByPod(pod, usage) ?? exceededByContainer(pod, usage)
}

function exceededEmptyDir({ spec }: Pod, { volumes }: LocalStorageUsage): string | undefined {
  for (const { name, emptyDir } of spec.volumes ?? []) {
    const limit = emptyDir?.sizeLimit
    const usedBytes = volumes.find((volume) => volume.name === name)?.space.usedBytes ?? 0
    if (limit === undefined || quantityValue(limit) <= 0 || usedBytes <= quantityValue(limit)) continue
    return `Usage of EmptyDir volume "${name}" exceeds the limit "${parseQuantity(limit).text}". `
  }
  return undefined
}

/** The limits of those containers that have one, for what all of them use together: so upstream counts. */
function exceededByPod({ spec }: Pod, { volumes, containers }: LocalStorageUsage): string | undefined {
  const limit = computePodLimits({ spec })[resource]
  if (!limit) return undefined
  const ofVolumes = volumes
    .filter(({ isLocal }) => isLocal)
    .reduce((sum, { space }) => sum + space.usedBytes, 0)
  const usedBytes = containers.reduce((sum, { bytes }) => sum + bytes, ofVolumes)
  if (usedBytes <= quantityValue(limit)) return undefined
  return `Pod ephemeral local storage usage exceeds the total limit of containers ${formatQuantity(limit)}. `
}

function exceededByContainer({ spec }: Pod, { containers }: LocalStorageUsage): string | undefined {
  for (const { name, resources } of spec.containers) {
    const limit = resources?.limits?.[resource]
    const bytes = containers.find((container) => container.name === name)?.bytes ?? 0
    if (limit === undefined || quantityValue(limit) === 0 || bytes <= quantityValue(limit)) continue
    return `Container ${name} exceeded its local ephemeral storage limit "${parseQuantity(limit).text}". `
  }
  return undefined
}
