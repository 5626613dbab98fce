import type { KubeObject } from "../../apimachinery/meta.ts"
import type { Mutable } from "../registry/strategy.ts"

const kept = ["labels", "annotations", "finalizers", "ownerReferences"] as const

/** For paths that may change one part of the object and nothing of its metadata. In place. */
export function keepMetadata(object: Mutable, { metadata: old }: KubeObject): void {
  const { metadata } = object
  for (const field of kept) {
    if (old[field] === undefined) delete metadata[field]
    else Object.assign(metadata, { [field]: old[field] })
  }
}
