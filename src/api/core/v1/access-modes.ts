/** Where the class stood before it had a field; it still comes first. */
export const classAnnotation = "volume.beta.kubernetes.io/storage-class"

const shortNames = {
  ReadWriteOnce: "RWO",
  ReadOnlyMany: "ROX",
  ReadWriteMany: "RWX",
  ReadWriteOncePod: "RWOP",
} as const

/** "RWO,ROX", in this order whatever theirs. */
export function formatAccessModes(modes: readonly string[] | undefined): string {
  return Object.entries(shortNames)
    .filter(([mode]) => modes?.includes(mode))
    .map(([, shortName]) => shortName)
    .join(",")
}
