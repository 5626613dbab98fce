import type { Image } from "../../container-runtime/cri.ts"

/** What is remembered of an image between two looks. */
export interface ImageRecord {
  readonly firstSeenMs: number
  /** When a container last used it; 0: never while we looked. */
  readonly lastUsedMs: number
}

export interface ImageCollection {
  /** To be removed, in this order. */
  readonly remove: readonly Image[]
  readonly freedBytes: number
}

/** `records` after another look: what is there, and what of it is in use. Pure. */
export function noteImages(
  records: ReadonlyMap<string, ImageRecord>,
  images: readonly Image[],
  isUsed: (image: Image) => boolean,
  nowMs: number,
): Map<string, ImageRecord> {
  return new Map(
    images.map((image) => {
      const known = records.get(image.id) ?? { firstSeenMs: nowMs, lastUsedMs: 0 }
      return [image.id, isUsed(image) ? { ...known, lastUsedMs: nowMs } : known]
    }),
  )
}

export interface CollectionAim {
  readonly wantedBytes: number
  readonly nowMs: number
  /** A newer image may be about to be used. */
  readonly minAgeMs: number
  /** Whatever was not used for longer goes, however much room there is; 0: that is no reason. */
  readonly maxAgeMs: number
}

/** Which images to remove: of those not in use the longest unused first, until enough is freed and none is too old. Pure. */
export function planImageCollection(
  images: readonly Image[],
  records: ReadonlyMap<string, ImageRecord>,
  isUsed: (image: Image) => boolean,
  { wantedBytes, nowMs, minAgeMs, maxAgeMs }: CollectionAim,
): ImageCollection {
  const age = (image: Image) => records.get(image.id) ?? { firstSeenMs: nowMs, lastUsedMs: 0 }
  const candidates = images
    .filter((image) => !image.pinned && !isUsed(image) && nowMs - age(image).firstSeenMs >= minAgeMs)
    .sort((a, b) => age(a).lastUsedMs - age(b).lastUsedMs || age(a).firstSeenMs - age(b).firstSeenMs)
  const remove: Image[] = []
  let freedBytes = 0
  for (const image of candidates) {
    const unusedMs = nowMs - Math.max(age(image).lastUsedMs, age(image).firstSeenMs)
    const isTooOld = maxAgeMs > 0 && unusedMs > maxAgeMs
    if (freedBytes >= wantedBytes && !isTooOld) continue
    remove.push(image)
    freedBytes += image.sizeBytes
  }
  return { remove, freedBytes }
}
