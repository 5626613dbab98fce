import type { FilesystemSpace } from "../node-host.ts"

/** Percentages of the file system that images lie on. */
export interface ImageSpaceLimits {
  readonly high: number
  readonly low: number
}

export interface ImageSpace {
  readonly usagePercent: number
  readonly wantedBytes: number
}

/**
 * How much is to be freed of a file system that is as full as the upper limit, or fuller, so that it comes down to the lower
 * one; undefined while there is room. Pure. Throws, in upstream's words, where its size is not known.
 */
export function planImageSpace(
  { capacityBytes, availableBytes }: Pick<FilesystemSpace, "capacityBytes" | "availableBytes">,
  { high, low }: ImageSpaceLimits,
): ImageSpace | undefined {
  if (capacityBytes === 0) throw new Error("invalid capacity 0 on image filesystem")
  const available = Math.min(availableBytes, capacityBytes)
  const usagePercent = 100 - Math.floor((available * 100) / capacityBytes)
  if (usagePercent < high) return undefined
  return { usagePercent, wantedBytes: Math.floor((capacityBytes * (100 - low)) / 100) - available }
}

/** In upstream's words. */
export function tooLittleFreed(usagePercent: number, capacityBytes: number, freedBytes: number): string {
  return [
    `Insufficient free disk space on the node's image filesystem (${usagePercent}% of ${sizeText(capacityBytes)} used).`,
    `Failed to free sufficient space by deleting unused images (freed ${freedBytes} bytes).`,
    "Investigate disk usage, as it could be used by active images, logs, volumes, or other data.",
  ].join(" ")
}

const units = ["KiB", "MiB", "GiB", "TiB"]

function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), units.length)
  return `${(bytes / 1024 ** power).toFixed(1)} ${units[power - 1]}`
}
