import type { PressureSignal } from "./thresholds.ts"

/** What pods have on disks. */
export type LocalData = "layers" | "logs" | "volumes"

/**
 * What of pods' data fills the file system that `signal` is about. Layers lie with the images; where those have a file system
 * of their own, logs and volumes lie elsewhere. Pure.
 */
export function dataBehind(signal: PressureSignal, hasImageFilesystem: boolean): readonly LocalData[] {
  if (!hasImageFilesystem) return ["layers", "logs", "volumes"]
  return isOfImages(signal) ? ["layers"] : ["logs", "volumes"]
}

/** Whether room is made by removing what nobody uses, dead containers and images: where they lie. Pure. */
export function isReclaimable(signal: PressureSignal, hasImageFilesystem: boolean): boolean {
  return isOfImages(signal) || (signal.startsWith("nodefs.") && !hasImageFilesystem)
}

function isOfImages(signal: PressureSignal): boolean {
  return signal.startsWith("imagefs.")
}
