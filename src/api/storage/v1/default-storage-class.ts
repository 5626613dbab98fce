import type { StorageClass } from "./storage-class.ts"

const annotations = [
  "storageclass.kubernetes.io/is-default-class",
  "storageclass.beta.kubernetes.io/is-default-class",
]

/** The class of claims that name none. Where several are marked as the default, the newest is. */
export function findDefaultStorageClass(classes: readonly StorageClass[]): StorageClass | undefined {
  return classes.filter(isMarked).toSorted(newestFirst)[0]
}

function isMarked({ metadata }: StorageClass): boolean {
  return annotations.some((annotation) => metadata.annotations?.[annotation] === "true")
}

function newestFirst({ metadata: a }: StorageClass, { metadata: b }: StorageClass): number {
  if (a.creationTimestamp === b.creationTimestamp) return a.name < b.name ? -1 : 1
  return a.creationTimestamp > b.creationTimestamp ? -1 : 1
}
